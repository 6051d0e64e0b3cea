/// The loop's end of its mailbox.
final class MailSource: EventSource {
  private let mailbox: Mailbox
  private unowned let loop: EventLoop

  init(mailbox: Mailbox, loop: EventLoop) {
    self.mailbox = mailbox
    self.loop = loop
    super.init(descriptor: mailbox.descriptor)
  }

  override func ready(_ readiness: Readiness) {
    for work in mailbox.take() { work() }
  }
}
