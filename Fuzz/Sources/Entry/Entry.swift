// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The target that `FUZZ_TARGET` names.
nonisolated(unsafe) private var target = fuzzTargets[0]

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
  guard let name = getenv("FUZZ_TARGET").map({ String(cString: $0) }),
    let named = fuzzTargets.first(where: { $0.name == name })
  else {
    print(fuzzTargets.map(\.name).joined(separator: "\n"))
    exit(64)
  }
  target = named
  return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do { try target.check([UInt8](UnsafeBufferPointer(start: start, count: count))) } catch {
    fatalError("\(target.name): \(error)")
  }
  return 0
}
