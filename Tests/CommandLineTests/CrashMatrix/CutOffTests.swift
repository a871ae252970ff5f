// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite("killed at chosen effects", .enabled(if: TemporaryPostgres.isUsable))
struct CutOffTests {
  @Test("a proposal is in its file whole or not at all, wherever its writer is killed")
  func proposal() throws {
    let directory = try TemporaryDirectory("proposal")
    let (out, words) = (directory("p.json"), ["--id", "u", "--type", "upgrade", "--target", "t", "--rationale", "r"])
    let arguments = ["multisig", "propose"] + words + ["--impact", "none", "--proposer", "alice", "--out", out]
    let tracer = CrashTracer(aliases: ["@": directory.path])
    let points = try tracer.run(arguments, environment: [:]).points.filter { $0.name.contains("@") }
    #expect(points.contains { $0.name == "link @/p.json" && $0.moment == .after })
    let whole = try Data(contentsOf: URL(fileURLWithPath: out)).count
    for point in points {
      try? FileManager.default.removeItem(atPath: out)
      #expect(try tracer.run(arguments, environment: [:], killingAt: point).isKilled)
      let size = FileManager.default.contents(atPath: out)?.count
      #expect(size == nil || size == whole, "\(point)")
      let again = try tracer.run(arguments, environment: [:])
      #expect(again.output.status == (size == nil ? 0 : 73), "\(point): \(again.output.errorText)")
      // The next one takes away what it left.
      try? FileManager.default.removeItem(atPath: out)
      #expect(try tracer.run(arguments, environment: [:]).output.status == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["p.json"], "\(point)")
    }
  }

  @Test("the lock of a version that is there is read back", .enabled(if: SeaweedS3.isUsable && Ministack.isUsable))
  func lock() throws {
    let world = try CrashWorld(.registry, .s3)
    try world.reset()
    let asks = { (run: CrashTracer.Run) in
      run.points.contains { $0.name.contains("answer to GET") && $0.name.contains("/signers/2.json?retention") }
    }
    #expect(try asks(world.run()))
    #expect(try asks(world.run()))
  }
}
