// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Bytes
import Cryptography

@testable import AWS
@testable import RowCodec
@testable import S3Client

/// Small texts that stand in documents, rows and headers: what is taken is written the same way.
@Sendable func checkTexts(_ bytes: [UInt8]) throws {
  let text = String(decoding: bytes, as: UTF8.self)
  try checkTimes(text)
  try checkBytes(text, bytes)
  try checkKeys(bytes)
  try require(!text.visible.unicodeScalars.contains(where: \.isHidden), "a hidden character is visible")
  var quoted = ByteBuffer()
  bytes.withUnsafeBytes { JSONString.append($0, to: &quoted) }
  guard let valid = String(validating: bytes, as: UTF8.self) else { return }
  let string = (try? JSONValue(parsing: quoted.array()))?.string
  try require(string.map { $0.utf8.elementsEqual(valid.utf8) } == true, "\(shown(quoted.array())) is another string")
  try require((try? canonicalForm(quoted.array()).get()) == quoted.array(), "\(shown(quoted.array())) is not canonical")
}

private func checkTimes(_ text: String) throws {
  if let time = Timestamp(text) { try require(Timestamp(time.iso) == time, "\(time.iso) is another time") }
  if let day = UTCDay(text) { try require(day.description.utf8.elementsEqual(text.utf8), "\(text) is \(day)") }
  let bytes = Array(text.utf8)
  if let microseconds = bytes.withUnsafeBytes({ TimestampText.parse($0) }) {
    var line = ByteBuffer()
    TimestampText.append(microseconds, to: &line)
    let again = line.array().dropFirst().dropLast()
    try require(again.withUnsafeBytes { TimestampText.parse($0) } == microseconds, "\(shown(again)) is another time")
  }
  for time in [ISO8601.parse(text), S3Time.parse(text), HTTPDate.parse(text)].compactMap(\.self) {
    try require(
      time.inDocumentYears == time || !time.isFinite || abs(time.day.civil.year) <= 10_000, "\(time) is no time")
    _ = time.unixSeconds
  }
}

private func checkBytes(_ text: String, _ bytes: [UInt8]) throws {
  try require(Base64.decode(Base64.encode(bytes)) == bytes, "base64 does not come back")
  if let decoded = Base64.decode(text) {
    try require(Base64.encode(decoded).utf8.elementsEqual(text.utf8), "base64 is taken that is not canonical: \(text)")
  }
  if let digest = Digest(hex: text) { try require(digest.hex == text, "\(text) is not \(digest.hex)") }
  if let range = ContentRange(text) {
    try require(range.range.upperBound <= range.total, "a range goes past its object")
  }
  if let key = KeyEncoding.decode(PercentEncoding.encode(text)) {
    try require(key.utf8.elementsEqual(text.utf8), "a key does not come back: \(key)")
  } else {
    throw BrokenProperty("a key cannot be decoded: \(text)")
  }
}

private func checkKeys(_ bytes: [UInt8]) throws {
  if let key = try? PublicKey(pem: bytes) {
    let again = try? PublicKey(pem: Array(key.pem.utf8))
    try require(again?.fingerprint == key.fingerprint, "a key is written as another one")
    try require((try? PublicKey(der: key.der))?.fingerprint == key.fingerprint, "a key's DER is another one")
  }
  if let key = try? PublicKey(der: bytes) { try require(key.der == bytes, "DER is taken in another form than its own") }
  guard let key = try? PrivateKey(pem: bytes), key.kind == .ed25519 else { return }
  let digest = SHA256.hash(bytes)
  try require(key.publicKey.isValid(try key.sign(digest), over: digest), "a key does not verify what it signs")
}
