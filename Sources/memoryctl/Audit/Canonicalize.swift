// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import Bytes
import CanonicalJSON
import Cryptography
import Files

extension Audit {
  struct Canonicalize: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read one JSON value a line on standard input and print its canonical form.",
      discussion: "Exit status: 65 a line is not JSON, or has no canonical form.")

    @Flag(help: "Print the digest instead.")
    var hash = false

    @Option(help: "Hash of the predecessor, which the digest covers too.")
    var prev: String?

    func run() throws {
      let previous = try prev.map { text in
        guard let digest = Digest(hex: text) else { throw ValidationError("--prev takes 64 lower-case hex digits") }
        return digest
      }
      var lines = LineReader()
      var canonicalizer = Canonicalizer()
      var out = ByteBuffer(capacity: 1 << 20)
      while let line = try lines.next() {
        let start = out.count
        do throws(CanonicalizationError) {
          guard String(validating: line, as: UTF8.self) != nil else {
            throw CanonicalizationError(reason: .syntax, offset: 0)
          }
          try canonicalizer.canonicalize(line.span, into: &out)
        } catch {
          try Results.check(Process.write(out, to: 1))
          throw Failure(.integrity, "\(error)", on: "line \(lines.number)", remedy: "correct the input")
        }
        if hash { replaceWithDigest(&out, from: start, previous) }
        out.append(0x0a)
        if out.count > 1 << 20 {
          try Results.check(Process.write(out, to: 1))
          out.clear()
        }
      }
      try Results.check(Process.write(out, to: 1))
    }

    private func replaceWithDigest(_ out: inout ByteBuffer, from start: Int, _ previous: Digest?) {
      var sha = SHA256()
      unsafe sha.update(out.unsafeBytes(start..<out.count))
      if let previous { sha.update(previous) }
      out.truncate(to: start)
      out.append(utf8: sha.finalize().hex)
    }
  }
}
