// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite("crash-tracer")
struct CrashTracerTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory("tracer") }

  private func tracer(_ program: String) -> CrashTracer {
    CrashTracer(aliases: ["@": directory.path], program: program)
  }

  @Test("each effect has its points, and a program is killed just before or just after one")
  func kills() throws {
    let script = ["-c", "mkdir \"$0/d\"; echo x > \"$0/a\"; mv \"$0/a\" \"$0/b\"", directory.path]
    let run = try tracer("/bin/sh").run(script, environment: [:])
    #expect(run.output.status == 0 && !run.isKilled)
    let names = ["mkdir @/d", "create @/a", "write standard output", "rename @/b"]
    #expect(run.points.map(\.description) == names.flatMap { ["before 1 \($0)", "after 1 \($0)"] })
    let left: [[String]] = [[], ["d"], ["d"], ["a", "d"], ["a", "d"], ["a", "d"], ["a", "d"], ["b", "d"]]
    for (index, point) in run.points.enumerated() {
      for name in ["a", "b", "d"] { try? FileManager.default.removeItem(atPath: directory(name)) }
      let killed = try tracer("/bin/sh").run(script, environment: [:], killingAt: point)
      #expect(killed.isKilled && killed.output.status == 137)
      #expect(killed.points == Array(run.points[...index].dropLast(point.moment == .before ? 1 : 0)))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == left[index], "\(point)")
      guard index >= 4, let bytes = FileManager.default.contents(atPath: directory(index == 7 ? "b" : "a")) else {
        continue
      }
      #expect(bytes.count == (index > 4 ? 2 : 0), "\(point)")
    }
  }

  @Test("a program's own end is passed on, and a point that it does not come to kills nothing")
  func passes() throws {
    let point = try #require(CrashPoint("before 7 mkdir @/d"))
    let run = try tracer("/bin/sh").run(["-c", "exit 3"], environment: [:], killingAt: point)
    #expect(run.output.status == 3 && !run.isKilled && run.points == [])
  }

  @Test(
    "a system call of which nobody has said what it does stops the recording",
    arguments: [
      "import os; os.memfd_create('m')", "import fcntl; fcntl.lockf(open('{}', 'w'), fcntl.LOCK_EX)",
      "import mmap; f = open('{}', 'w+'); f.write('x'); f.flush(); mmap.mmap(f.fileno(), 1)",
    ])
  func unknown(program: String) throws {
    let words = ["-I", "-S", "-c", program.replacingOccurrences(of: "{}", with: directory("f"))]
    #expect(try Command.run("/usr/bin/python3", words).status == 0)
    let run = try tracer("/usr/bin/python3").run(words, environment: [:])
    #expect(run.output.status == 70)
    #expect(run.output.errorText.contains("crash-tracer: "), "\(run.output.errorText)")
    // What comes before is known.
    let sound = try tracer("/usr/bin/python3").run(["-I", "-S", "-c", "import os, fcntl, mmap"], environment: [:])
    #expect(sound.output.status == 0, "\(sound.output.errorText)")
  }
}
