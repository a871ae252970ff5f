// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Synchronization
import Testing

@testable import Server

@Suite("Probes that many ask for")
struct CachedProbeTests {
  /// A look that counts, and that a closed gate holds up.
  private final class Look: Sendable {
    let count = Atomic(0)
    private let gate = DispatchSemaphore(value: 0)

    init(isOpen: Bool = true) { if isOpen { open() } }

    func open() { gate.signal() }

    func callAsFunction() -> Int {
      let number = count.add(1, ordering: .relaxed).newValue
      gate.wait()
      gate.signal()
      return number
    }
  }

  @Test("a storm of askers makes one look, and its result is given out again")
  func storm() async {
    let look = Look()
    let probe = CachedProbe(lifetime: .seconds(3600), limit: .seconds(60)) { look() }
    let answers = await withTaskGroup(of: Int?.self) { group in
      for _ in 0..<100 { group.addTask { await probe.value() } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers == Array(repeating: 1, count: 100))
    #expect(await probe.value() == 1)
    #expect(look.count.load(ordering: .relaxed) == 1)
  }

  @Test("a result that is too old is looked for again")
  func renewal() async {
    let look = Look()
    let probe = CachedProbe(lifetime: .zero, limit: .seconds(60)) { look() }
    #expect(await probe.value() == 1)
    #expect(await probe.value() == 2)
  }

  @Test("who waited long enough gets nothing, and the same look answers later askers")
  func patience() async throws {
    let look = Look(isOpen: false)
    let probe = CachedProbe(lifetime: .seconds(3600), limit: .milliseconds(1)) { look() }
    #expect(await probe.value() == nil)
    #expect(await probe.value() == nil)
    look.open()
    var answer: Int?
    while answer == nil { answer = await probe.value() }
    #expect(answer == 1)
    #expect(look.count.load(ordering: .relaxed) == 1)
  }
}

@Suite("Addresses to listen on")
struct ListenAddressTests {
  @Test("what is one")
  func sound() {
    #expect(ListenAddress("127.0.0.1:80").map { [$0.host, "\($0.port)"] } == ["127.0.0.1", "80"])
    #expect(ListenAddress("[::1]:0")?.host == "::1")
    #expect(ListenAddress("[::1]:0")?.description == "[::1]:0")
    #expect(ListenAddress("localhost:65535")?.description == "localhost:65535")
  }

  @Test("what is none", arguments: ["", "80", ":80", "a", "a:", "a:65536", "a:-1", "a b:80", "http://a:80", "a:8o"])
  func unsound(text: String) { #expect(ListenAddress(text) == nil) }
}
