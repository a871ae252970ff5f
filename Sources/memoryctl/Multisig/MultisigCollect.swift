// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Cryptography
import DrillRunner
import Files
import Signing

extension MultisigCommand {
  struct Collect: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ask all signers at once; who has approved already is not asked again.",
      discussion: """
        Each signer is reached as its source in the registry that is trusted says, or as --signer says; what the proposal \
        itself says of sources is not followed. Approvals are kept in --dir, those \
        of a run that got too few of them as well.

        \(MultisigCommand.variables)

        Exit status: 65 nothing can be approved, as the proposal is stale, 69 too few signers answered; the approvals are kept.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var multisig: MultisigOptions
    @Option(help: "Directory for approval files.") var dir: String
    @Option(name: .customLong("signer"), help: "KID=SPEC, in the place of the registry's source.") var signers:
      [String] = []
    @Option(help: "Seconds for all signers together.") var timeout = 30

    func run() throws {
      try requireRange(timeout, 1...3600, "--timeout")
      let desk = try multisig.desk(common, archive)
      var folder = try ApprovalFolder(dir, desk.check)
      let waiting = desk.check.roster.filter { kid in !folder.approvals.contains { $0.signature.kid == kid } }
      let answers = try ask(waiting, desk)
      var missing: [(kid: String, reason: String)] = []
      for answer in answers {
        switch answer.result {
        case .success(let approval):
          if let fault = desk.check.fault(of: approval) {
            missing.append((answer.kid, fault))
          } else {
            try folder.add(approval)
          }
        case .failure(let failure): missing.append((answer.kid, failure.description))
        }
      }
      try finish(desk, folder, missing)
    }

    private func ask(_ waiting: [String], _ desk: MultisigDesk) throws -> [ApprovalCollector.Answer] {
      let given = try signers.map { text in
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let spec = SignerSpec(parts[1]), spec != .mock else {
          throw ValidationError("--signer takes KID=SPEC, as op1=local:/path/op1.pem")
        }
        return (kid: parts[0], spec: spec)
      }
      var unknown: [ApprovalCollector.Answer] = []
      var asked: [ApprovalCollector.Asked] = []
      for kid in waiting {
        if let source = given.first(where: { $0.kid == kid })?.spec ?? desk.source(kid) {
          asked.append(ApprovalCollector.Asked(kid: kid, source: source))
        } else {
          let failure = Failure(
            .configuration, "it has no source", on: kid,
            remedy: "give --signer \(kid)=SPEC, or an approval file of its own")
          unknown.append(ApprovalCollector.Answer(kid: kid, result: .failure(failure)))
        }
      }
      let collector = ApprovalCollector(
        desk.proposal, desk.context.environment, registry: desk.keys, timeout: Double(timeout))
      return collector.collect(asked, cancellation: desk.context.cancellation) + unknown
    }

    private func finish(
      _ desk: MultisigDesk, _ folder: ApprovalFolder, _ missing: [(kid: String, reason: String)]
    ) throws {
      let verdict = desk.check.verdict(folder.approvals.map(\.signature))
      let json = verdict.json(
        .digest(desk.proposal.digest),
        [
          JSONValue.Member(
            "missing", .array(missing.map { .object(["kid": .string($0.kid), "reason": .string($0.reason)]) })),
          JSONValue.Member("files", .array(folder.files.map { .string($0) })),
        ])
      var lines = ["\(verdict.approved.count) of \(desk.check.roster.count) approved, \(verdict.threshold) are needed"]
      lines += verdict.approved.map { "  approved  \($0)" } + missing.map { "  MISSING   \($0.kid): \($0.reason)" }
      let isStale = verdict.approved.count >= verdict.threshold && !verdict.isReached
      if !verdict.isReached { lines += verdict.problems }
      try desk.context.console.finish(
        json, lines.joined(separator: "\n"), status: verdict.isReached ? .success : isStale ? .integrity : .unavailable)
    }
  }

  struct Combine: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Merge approval files to one proof; what does not count is named and left out.",
      discussion: """
        \(MultisigCommand.variables)

        Exit status: 65 they are not enough.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var multisig: MultisigOptions
    @Option(help: "File to write the proof to.") var out: String
    @Option(help: "Directory of approval files.") var dir: String?
    @Argument(help: "Approval files.") var files: [String] = []

    func run() throws {
      guard dir != nil || !files.isEmpty else { throw ValidationError("give approval files, or --dir") }
      let desk = try multisig.desk(common, archive)
      var folder = try ApprovalFolder(dir, desk.check)
      for file in files { folder.read(file) }
      let signatures = folder.approvals.map(\.signature)
      var verdict = desk.check.verdict(signatures)
      if verdict.isReached {
        let proof = Proof(digest: desk.proposal.digest, threshold: verdict.threshold, signatures: signatures)
        verdict = desk.check.verdict(proof)
        try DocumentFiles.create(out, proof.json.prettyBytes)
      }
      let refused = folder.refused.map { "  refused   \($0.file): \($0.reason)" }
      let lines =
        [verdict.isReached ? "\(out): approved by \(verdict.approved.joined(separator: ", "))" : "not approved"]
        + refused + verdict.reasons
      let json = verdict.json(
        .digest(desk.proposal.digest),
        [
          JSONValue.Member("proof", verdict.isReached ? .string(out) : .null),
          JSONValue.Member(
            "left out",
            .array(folder.refused.map { .object(["file": .string($0.file), "reason": .string($0.reason)]) })),
        ])
      try desk.context.console.finish(
        json, lines.joined(separator: "\n"), status: verdict.isReached ? .success : .integrity)
    }
  }
}

/// Approval files of one proposal.
struct ApprovalFolder {
  private let path: String?
  private let check: ApprovalCheck
  /// Those that count, one of each signer.
  private(set) var approvals: [Approval] = []
  private(set) var files: [String] = []
  private(set) var refused: [(file: String, reason: String)] = []

  /// Reads the folder, which may not be there yet.
  init(_ path: String?, _ check: ApprovalCheck) throws {
    self.path = path
    self.check = check
    guard let path else { return }
    do throws(FileError) {
      try Directory.create(path)
      for name in try Directory.names(path).sorted() where name.hasSuffix(".approval.json") {
        read("\(path)/\(name)")
      }
    } catch { throw Failure.file(error) }
  }

  /// Takes a file's approval where it counts; says why not otherwise.
  mutating func read(_ file: String) {
    do {
      let approval = try DocumentFiles.read(file, "--approval") { (bytes) throws(DocumentError) in
        try Approval(parsing: bytes)
      }
      take(approval, file)
    } catch { refused.append((file, Failure(from: error).problem)) }
  }

  /// Keeps an approval that counts.
  mutating func add(_ approval: Approval) throws {
    guard let path else { return }
    let isPlain = { (character: Character) in character.isASCII && (character.isLetter || character.isNumber) }
    let name = String(approval.signature.kid.map { isPlain($0) ? $0 : "-" }.suffix(60))
    let own = SHA256.hash(Array(approval.signature.kid.utf8)).hex.prefix(8)
    let file = "\(path)/\(approval.digest.hex.prefix(16))-\(name)-\(own).approval.json"
    try DocumentFiles.replace(file, approval.bytes)
    take(approval, file)
  }

  private mutating func take(_ approval: Approval, _ file: String) {
    if let fault = check.fault(of: approval) { return refused.append((file, fault)) }
    // A file that is given twice is no second approval.
    guard !approvals.contains(where: { $0.signature.kid == approval.signature.kid }) else { return }
    approvals.append(approval)
    files.append(file)
  }
}
