// SPDX-License-Identifier: Apache-2.0
public import Cryptography

/// That one row is in an archive, as a document by itself: the row, its way to a signed manifest, and that manifest.
///
/// Nothing in it can be changed, added or left out unseen: what no signature covers follows from what one does.
///
/// - SeeAlso: `docs/archive-format.md`, "Inclusion proof".
public struct InclusionProof: Equatable, Sendable {
  public static let format = "audit-inclusion/v1"
  /// Bytes that a proof may have.
  public static let largest = 128 << 20

  /// Of the row in its bundle, from 0.
  public let index: Int
  /// The row as it stands in its bundle, without its newline.
  public let line: String
  /// From the row's leaf to its frame's root.
  public let path: [Digest]
  /// Of all frames of the bundle.
  public let frameRoots: [Digest]
  public let manifest: Manifest
  /// The manifest as it is signed.
  public let document: SignedDocument
  /// Who vouches for the manifest, where the key that signed it is not trusted any more.
  public let countersignature: SignedDocument?

  public init(
    index: Int, line: String, path: [Digest], frameRoots: [Digest], document: SignedDocument,
    countersignature: SignedDocument? = nil
  ) throws(DocumentError) {
    self.index = index
    self.line = line
    self.path = path
    self.frameRoots = frameRoots
    manifest = try Manifest(json: document.content)
    self.document = document
    self.countersignature = countersignature
  }

  /// Reads it strictly: just its own members in their order, laid out as all documents of the format are.
  public init(parsing bytes: [UInt8]) throws(DocumentError) {
    guard bytes.count <= Self.largest else { throw DocumentError("it has more than \(Self.largest >> 20) MiB") }
    let json: JSONValue
    do throws(JSONParseError) { json = try JSONValue(parsing: bytes) } catch {
      throw DocumentError("not a JSON document: \(error)")
    }
    let reader = try DocumentReader(json, "inclusion proof")
    guard try reader.string("format") == Self.format else { throw reader.error("format", "is not \(Self.format)") }
    guard json.isRegularly(written: bytes) else { throw DocumentError("its white space or its escapes are irregular") }
    try reader.requireMembers(["format", "row", "path", "frameRoots", "manifest", "proof", "countersignature"])
    let row = try reader.object("row")
    try row.requireMembers(["index", "line"])
    try self.init(
      index: try row.count("index"), line: try row.string("line"), path: try reader.digests("path"),
      frameRoots: try reader.digests("frameRoots"),
      document: try SignedDocument(
        json: .object(["manifest": try reader.require("manifest"), "proof": try reader.require("proof")]), .manifest),
      countersignature: try json["countersignature"].map { (value) throws(DocumentError) in
        try SignedDocument(json: value, .countersignature)
      })
  }

  public var bytes: [UInt8] {
    var members = [
      JSONValue.Member("format", .string(Self.format)),
      JSONValue.Member("row", .object(["index": .count(index), "line": .string(line)])),
      JSONValue.Member("path", .array(path.map { .digest($0) })),
      JSONValue.Member("frameRoots", .array(frameRoots.map { .digest($0) })),
    ]
    members += document.json.members ?? []
    if let countersignature { members.append(JSONValue.Member("countersignature", countersignature.json)) }
    return JSONValue.object(members).prettyBytes
  }

  /// Why the row, its path and the frames' roots do not make the manifest's Merkle root; nil where they do.
  public var treeFault: String? {
    guard let bundle = manifest.bundle else { return "its manifest has no rows" }
    guard let shape = FrameShape(rows: manifest.rowCount, frames: bundle.frames), frameRoots.count == shape.frames
    else { return "its frames are not as many as its manifest says" }
    guard index < shape.rows else { return "its row lies behind those of its manifest" }
    let rows = shape.rows(of: shape.frame(of: index))
    let leaf = SHA256.hash([0] + Array(line.utf8))
    let root = MerkleTree.root(of: leaf, at: index - rows.lowerBound, of: rows.count, path: path)
    guard root == frameRoots[shape.frame(of: index)] else { return "its row and path do not make its frame's root" }
    return shape.root(of: frameRoots) == manifest.merkleRoot
      ? nil : "its frames' roots do not make its manifest's Merkle root"
  }
}
