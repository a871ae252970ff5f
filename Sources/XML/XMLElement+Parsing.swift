// SPDX-License-Identifier: Apache-2.0
internal import CExpat

extension XMLElement {
  /// Reads a whole document.
  ///
  /// - Returns: its root, by way of the initialiser.
  /// - Complexity: O(bytes) time; memory within `limits`.
  public init(parsing bytes: [UInt8], limits: XMLLimits = XMLLimits()) throws(XMLError) {
    guard let parser = XML_ParserCreate(nil) else { throw .outOfMemory }
    defer { XML_ParserFree(parser) }
    let builder = XMLBuilder(parser, limits)
    // The builder outlives the parser's calls, all of which happen within XML_Parse below.
    XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
    XML_SetElementHandler(
      parser, { target($0).start($1, $2) }, { context, _ in target(context).end() })
    XML_SetCharacterDataHandler(parser) { target($0).text($1, $2) }
    XML_SetStartDoctypeDeclHandler(parser) { context, _, _, _, _ in target(context).stop(.hasDocumentType) }
    let status = withExtendedLifetime(builder) {
      // Pieces, as XML_Parse takes lengths of 31 bits.
      bytes.withUnsafeBytes { parse($0, by: parser) }
    }
    if let refusal = builder.refusal { throw refusal }
    guard status == XML_STATUS_OK, let root = builder.root else {
      let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) }
      throw .malformed(reason ?? "no root element", line: Int(XML_GetCurrentLineNumber(parser)))
    }
    self = root
  }
}

private func parse(_ bytes: UnsafeRawBufferPointer, by parser: XML_Parser) -> XML_Status {
  var rest = bytes
  while true {
    let piece = rest.prefix(1 << 20)
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
    let start = UnsafeRawBufferPointer(rebasing: piece).bindMemory(to: CChar.self).baseAddress
    let status = XML_Parse(parser, start, Int32(piece.count), rest.isEmpty ? 1 : 0)
    if status != XML_STATUS_OK || rest.isEmpty { return status }
  }
}

private func target(_ context: UnsafeMutableRawPointer?) -> XMLBuilder {
  Unmanaged<XMLBuilder>.fromOpaque(context!).takeUnretainedValue()
}
