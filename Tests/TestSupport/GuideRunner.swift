// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Runs the commands of a guide in Markdown as somebody does who has nothing but the system's tools.
///
/// `PATH` leads to a folder of links to just those tools that the guide names: nothing of this package is among them.
public struct GuideRunner: Sendable {
  public struct Step: Sendable {
    /// The heading that it stands under, without its number.
    public let title: String
    public let commands: String
  }

  /// Where the commands run.
  public let directory: String
  public let steps: [Step]
  private let tools: TemporaryDirectory

  static let toolNames = [
    "sh", "awk", "base64", "basenc", "cat", "cmp", "cp", "cut", "env", "find", "grep", "head", "jq", "ls", "mkdir",
    "mktemp", "mv", "od", "openssl", "paste", "rm", "sed", "sha256sum", "sort", "split", "tail", "tr", "wc", "xargs",
    "zstd",
  ]

  /// - Parameter guide: the Markdown's text; its blocks marked `sh` are the steps.
  public init(_ guide: String, in directory: String) throws {
    self.directory = directory
    tools = try TemporaryDirectory("tools")
    for name in Self.toolNames {
      let path = ["/usr/bin", "/bin"].map { "\($0)/\(name)" }.first { FileManager.default.fileExists(atPath: $0) }
      guard let path else { throw TestSupportError("\(name) is missing: scripts/dependencies test installs it") }
      try FileManager.default.createSymbolicLink(atPath: tools(name), withDestinationPath: path)
    }
    var steps: [Step] = []
    var title = ""
    var commands: [Substring]?
    for line in guide.split(separator: "\n", omittingEmptySubsequences: false) {
      if let open = commands {
        guard line == "```" else {
          commands?.append(line)
          continue
        }
        steps.append(Step(title: title, commands: open.joined(separator: "\n") + "\n"))
        commands = nil
      } else if line == "```sh" {
        commands = []
      } else if line.hasPrefix("#") {
        title = String(line.drop { $0 == "#" || $0 == " " || $0.isNumber || $0 == "." })
      }
    }
    self.steps = steps
  }

  /// Runs text by `sh`, in the directory.
  public func run(_ commands: String, environment: [String: String?] = [:]) throws -> CommandOutput {
    try Command.run(
      tools("sh"), ["-c", commands], environment: environment.merging(["PATH": tools.path]) { $1 },
      inheritsEnvironment: false, directory: directory)
  }

  /// Runs the step whose title begins so.
  public func run(step title: String, environment: [String: String?] = [:]) throws -> CommandOutput {
    guard let step = steps.first(where: { $0.title.hasPrefix(title) }) else {
      throw TestSupportError("no step \"\(title)\" among \(steps.map(\.title))")
    }
    return try run(step.commands, environment: environment)
  }
}
