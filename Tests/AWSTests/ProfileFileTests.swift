// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Testing
import TestSupport

@testable import AWS

@Suite("Shared config and credentials files")
struct ProfileFileTests {
  private func parse(_ text: String) throws -> ProfileFile {
    try ProfileFile(parsing: Array(text.utf8), path: "/a/file")
  }

  static let values: [(name: String, text: String, value: String?)] = [
    ("plain", "[default]\nregion = eu-west-1", "eu-west-1"), ("no spaces", "[default]\nregion=eu-west-1", "eu-west-1"),
    ("tabs", "[default]\nregion\t=\teu-west-1\t", "eu-west-1"), ("CRLF", "[default]\r\nregion = x\r\n", "x"),
    ("byte order mark", "\u{feff}[default]\nregion = x", "x"), ("upper-case name", "[default]\nREGION = X", "X"),
    ("equals sign in the value", "[default]\nregion = a=b==", "a=b=="), ("empty", "[default]\nregion =", ""),
    ("comment behind", "[default]\nregion = x # y", "x"), ("semicolon behind", "[default]\nregion = x ; y", "x"),
    ("signs within", "[default]\nregion = x#y;z", "x#y;z"), ("comment lines", "# a\n[default]\n; b\nregion = x", "x"),
    ("comment behind a section", "[default] # c\nregion = x", "x"), ("blank within", "[default]\n\nregion = x", "x"),
    ("spaces in brackets", "[ default ]\nregion = x", "x"), ("twice", "[default]\nregion = x\nregion = y", "y"),
    ("section twice", "[default]\nregion = x\n[a]\n[default]\noutput = y", "x"),
    ("further line", "[default]\nregion = x\n  y", "x\ny"), ("not there", "[default]\noutput = x", nil),
    ("another section's", "[default]\n[profile a]\nregion = x", nil),
  ]

  @Test("a setting's value", arguments: values)
  func value(row: (name: String, text: String, value: String?)) throws {
    #expect(try parse(row.text).sections["default"]?.values["region"] == row.value)
  }

  @Test("settings below a setting")
  func nested() throws {
    let file = try parse("[default]\ns3 =\n  addressing_style = path\n\tendpoint_url = http://x\nregion = y\n")
    let expected = ["addressing_style": "path", "endpoint_url": "http://x"]
    #expect(file.sections["default"]?.nested["s3"] == expected)
    #expect(file.sections["default"]?.values["region"] == "y")
  }

  static let broken: [(name: String, text: String, line: Int)] = [
    ("no section", "region = x", 1), ("no equals sign", "[default]\nregion", 2), ("no name", "[default]\n= SECRET", 2),
    ("open bracket", "[default\nregion = x", 1), ("text behind a section", "\n[default] x", 2),
    ("empty title", "[]", 1),
    ("nested without equals sign", "[default]\ns3 =\n  SECRET", 3),
  ]

  @Test("an error names file and line and quotes nothing", arguments: broken)
  func refuses(row: (name: String, text: String, line: Int)) {
    let failure = #expect(throws: Failure.self) { try parse(row.text) }
    #expect(failure?.status == .configuration && failure?.object == "/a/file")
    #expect(failure?.problem.hasPrefix("line \(row.line) ") == true)
    #expect(failure.map { "\($0)".contains("SECRET") } == false)
  }

  private func config(_ config: String, _ credentials: String = "") throws -> SharedConfig {
    SharedConfig(config: try parse(config), credentials: try parse(credentials))
  }

  @Test("which sections are profiles, and which file wins")
  func profiles() throws {
    let both = try config(
      "[default]\nregion = a\n[profile b]\nregion = b\nx = 1\n[c]\nregion = c\n[profile \"d e\"]\nregion = d",
      "[b]\nregion = z\n[f]\nregion = f")
    #expect(both.profile("default")?.values["region"] == "a")
    #expect(both.profile("b")?.values == ["region": "z", "x": "1"])
    #expect(both.profile("c") == nil)
    #expect(both.profile("d e")?.values["region"] == "d")
    #expect(both.profile("f")?.values["region"] == "f")
    #expect(
      try config("[default]\nregion = a\n[profile default]\nregion = b").profile("default")?.values["region"] == "b")
    #expect(both.serviceSection("s") == nil)
    #expect(try config("[services s]\ns3 =\n  endpoint_url = u").serviceSection("s")?.nested["s3"]?.count == 1)
  }

  @Test("files are found by variables, below the home directory, or not at all")
  func files() throws {
    let directory = try TemporaryDirectory()
    try writeFile(directory("home/.aws/config"), "[default]\nregion = home\n")
    try writeFile(directory("config"), "[default]\nregion = named\n[profile p]\nregion = p\n")
    func region(_ variables: [String: String]) throws -> String? { try AWSProfile(AWSVariables(variables)).region() }
    #expect(try region(["HOME": directory("home")]) == "home")
    #expect(try region(["HOME": directory("home"), "AWS_CONFIG_FILE": directory("config")]) == "named")
    #expect(try region(["HOME": directory("home"), "AWS_CONFIG_FILE": "~/.aws/config"]) == "home")
    #expect(try region(["AWS_CONFIG_FILE": directory("missing")]) == nil)
    #expect(try region([:]) == nil)
    #expect(try region(["AWS_CONFIG_FILE": directory("config"), "AWS_PROFILE": "p"]) == "p")
    #expect(try region(["AWS_CONFIG_FILE": directory("config"), "AWS_DEFAULT_PROFILE": "p"]) == "p")
    let failure = #expect(throws: Failure.self) {
      try region(["AWS_CONFIG_FILE": directory("config"), "AWS_PROFILE": "q"])
    }
    #expect(failure?.status == .configuration && failure?.object == "q")
    #expect(failure?.problem.contains(directory("config")) == true)
    let unreadable = #expect(throws: Failure.self) { try region(["AWS_CONFIG_FILE": directory.path]) }
    #expect(unreadable?.object == directory.path)
  }

  @Test("attempts and the CA bundle come from variables, else from the profile")
  func settings() throws {
    let files = try config("[default]\nmax_attempts = 5\nca_bundle = /ca.pem")
    #expect(try AWSProfile(AWSVariables([:]), files).maxAttempts() == 5)
    #expect(try AWSProfile(AWSVariables(["AWS_MAX_ATTEMPTS": "1"]), files).maxAttempts() == 1)
    #expect(try AWSProfile(AWSVariables([:]), config("")).maxAttempts() == 3)
    for wrong in ["0", "many", "-1"] {
      #expect(throws: Failure.self) { try AWSProfile(AWSVariables(["AWS_MAX_ATTEMPTS": wrong]), files).maxAttempts() }
    }
    #expect(try AWSProfile(AWSVariables([:]), files).stallSeconds() == 60)
    #expect(try AWSProfile(AWSVariables(["AUDIT_STALL_SECONDS": "2"]), files).stallSeconds() == 2)
    for wrong in ["0", "3601", "2.5"] {
      let variables = AWSVariables(["AUDIT_STALL_SECONDS": wrong])
      #expect(throws: Failure.self) { try AWSProfile(variables, files).stallSeconds() }
    }
    #expect(try AWSProfile(AWSVariables([:]), files).caBundle() == "/ca.pem")
    #expect(try AWSProfile(AWSVariables(["AWS_CA_BUNDLE": "/b"]), files).caBundle() == "/b")
  }
}
