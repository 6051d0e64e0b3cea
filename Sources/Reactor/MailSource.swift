/// The loop's end of its mailbox.
package final class MailSource: EventSource {
  private let mailbox: Mailbox

  package init(_ mailbox: Mailbox) {
    self.mailbox = mailbox
  }

  package override func ready(_ readiness: Readiness) {
    let posted = mailbox.take()
    for work in posted { work() }
  }
}
