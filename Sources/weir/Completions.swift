import ArgumentParser

/// `weir completions`: what a shell needs to complete commands, options and file names.
struct Completions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the completion script of a shell.",
    discussion: """
      To complete in this shell: source <(weir completions bash), or zsh likewise; for fish, \
      weir completions fish | source. To keep it, write it where the shell looks for such scripts:

        weir completions bash > /etc/bash_completion.d/weir
        weir completions zsh  > /usr/local/share/zsh/site-functions/_weir
        weir completions fish > ~/.config/fish/completions/weir.fish
      """)

  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish

    var parserShell: CompletionShell {
      switch self {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    }
  }

  @Argument(help: "The shell: bash, zsh or fish.")
  var shell: Shell

  func run() {
    print(Weir.completionScript(for: shell.parserShell))
  }
}
