// SPDX-License-Identifier: Apache-2.0
internal import CExpat

/// Makes elements of what the parser reports, and stops it where a limit is passed.
final class XMLBuilder {
  private let parser: XML_Parser
  private let limits: XMLLimits
  private var open: [(element: XMLElement, text: [UInt8])] = []
  private var elements = 0
  private var bytes = 0
  private(set) var root: XMLElement?
  private(set) var refusal: XMLError?

  init(_ parser: XML_Parser, _ limits: XMLLimits) {
    self.parser = parser
    self.limits = limits
  }

  /// Ends the parsing; handlers that are called all the same do nothing.
  func stop(_ error: XMLError) {
    if refusal == nil { refusal = error }
    XML_StopParser(parser, 0)  // XML_FALSE, a macro that is not imported
  }

  func start(
    _ name: UnsafePointer<XML_Char>?, _ attributes: UnsafeMutablePointer<UnsafePointer<XML_Char>?>?
  ) {
    guard refusal == nil, let name else { return }
    guard open.count < limits.depth else { return stop(.tooDeep(limit: limits.depth)) }
    elements += 1
    guard elements <= limits.elements else { return stop(.tooManyElements(limit: limits.elements)) }
    var values: [String: String] = [:]
    var next = attributes
    while let pair = next, let name = pair[0], let value = pair[1] {
      values[local(name)] = counted(value)
      next = pair + 2
    }
    open.append((XMLElement(local(name), attributes: values), []))
  }

  func text(_ characters: UnsafePointer<XML_Char>?, _ count: Int32) {
    guard refusal == nil, let characters, !open.isEmpty else { return }
    charge(Int(count))
    let raw = UnsafeRawBufferPointer(start: characters, count: Int(count))
    open[open.count - 1].text.append(contentsOf: raw)
  }

  func end() {
    guard refusal == nil, let (started, text) = open.popLast() else { return }
    var element = started
    let isLayout = !element.children.isEmpty && text.allSatisfy { $0 == 0x20 || (0x09...0x0d).contains($0) }
    element.text = isLayout ? "" : String(decoding: text, as: UTF8.self)  // libexpat hands over sound UTF-8 only
    if open.isEmpty {
      root = element
    } else {
      open[open.count - 1].element.children.append(element)
    }
  }

  private func local(_ name: UnsafePointer<XML_Char>) -> String {
    let whole = counted(name)
    guard let colon = whole.utf8.lastIndex(of: UInt8(ascii: ":")) else { return whole }
    return String(whole[whole.utf8.index(after: colon)...])
  }

  private func counted(_ characters: UnsafePointer<XML_Char>) -> String {
    let text = String(cString: characters)
    charge(text.utf8.count)
    return text
  }

  private func charge(_ count: Int) {
    bytes += count
    if bytes > limits.textBytes { stop(.tooMuchText(limit: limits.textBytes)) }
  }
}
