// SPDX-License-Identifier: Apache-2.0
internal import CCrypto

/// Bytes from libcrypto's random generator.
public func randomBytes(_ count: Int) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  precondition(RAND_bytes(&bytes, Int32(count)) == 1, "the system has no randomness")
  return bytes
}
