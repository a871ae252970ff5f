// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Testing

@Suite("Canonical base64 and hex")
struct EncodingTests {
  @Test(
    "RFC 4648, section 10",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ])
  func published(plain: String, text: String) {
    #expect(Base64.encode(Array(plain.utf8)) == text)
    #expect(Base64.decode(text) == Array(plain.utf8))
  }

  @Test(
    "what is not canonical is refused",
    arguments: [
      "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "====", "A===", "AA=A", "=AAA", "Zm9v\n", " Zm9v", "Zm-v", "Zm_v",
      "Zm9vZg==Zm9v", "Zm\u{0}v", "Zmév",
    ])
  func refused(text: String) { #expect(Base64.decode(text) == nil) }

  @Test("one text for each value: what decodes encodes to itself")
  func canonical() {
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array("ABab09+/=".utf8)
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0..<12, using: &generator)).map { _ in alphabet.randomElement(using: &generator)!
      }
      let text = String(decoding: bytes, as: UTF8.self)
      if let value = Base64.decode(text) { #expect(Base64.encode(value) == text) }
      let value = randomBytes(Int.random(in: 0..<70, using: &generator))
      #expect(Base64.decode(Base64.encode(value)) == value)
    }
  }

  @Test("every byte at every place of a digest's hex")
  func hex() {
    let sound = Digest(words: (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, 0, .max))
    let text = Array(sound.hex.utf8)
    #expect(sound.hex == "0123456789abcdeffedcba98765432100000000000000000ffffffffffffffff")
    #expect(Digest(hex: sound.hex) == sound)
    for place in text.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = text
        changed[place] = byte
        let digest = changed.withUnsafeBytes { Digest(hex: $0) }
        if Array("0123456789abcdef".utf8).contains(byte) {
          #expect(digest.map { Array($0.hex.utf8) } == changed)
        } else {
          #expect(digest == nil)
        }
      }
    }
    #expect(Digest(hex: String(sound.hex.dropLast())) == nil)
    #expect(Digest(hex: sound.hex + "0") == nil)
  }
}
