// SPDX-License-Identifier: Apache-2.0
public import Cryptography

/// What a bundle says of itself, in a skippable frame behind its rows.
public struct CarriedManifest: Equatable, Sendable {
  public struct Frame: Equatable, Sendable {
    /// Compressed.
    public var bytes: Int
    public var contentBytes: Int
    public var rows: Int
    public var merkleRoot: Digest
    /// The least and the greatest of the frame.
    public var firstCreatedAt: Timestamp
    public var lastCreatedAt: Timestamp

    public init(
      bytes: Int, contentBytes: Int, rows: Int, merkleRoot: Digest, firstCreatedAt: Timestamp, lastCreatedAt: Timestamp
    ) {
      self.bytes = bytes
      self.contentBytes = contentBytes
      self.rows = rows
      self.merkleRoot = merkleRoot
      self.firstCreatedAt = firstCreatedAt
      self.lastCreatedAt = lastCreatedAt
    }
  }

  public var stream: String
  public var sequence: Int
  public var rows: Int
  public var contentBytes: Int
  public var contentSHA256: Digest
  public var merkleRoot: Digest
  public var previousHash: Digest?
  public var headHash: Digest?
  public var rowsPerFrameLog2: Int
  public var frames: [Frame]

  public init(
    stream: String, sequence: Int, rows: Int, contentBytes: Int, contentSHA256: Digest, merkleRoot: Digest,
    previousHash: Digest?, headHash: Digest?, rowsPerFrameLog2: Int, frames: [Frame]
  ) {
    self.stream = stream
    self.sequence = sequence
    self.rows = rows
    self.contentBytes = contentBytes
    self.contentSHA256 = contentSHA256
    self.merkleRoot = merkleRoot
    self.previousHash = previousHash
    self.headHash = headHash
    self.rowsPerFrameLog2 = rowsPerFrameLog2
    self.frames = frames
  }

  public var json: JSONValue {
    .object([
      "format": .string(Manifest.format), "stream": .string(stream), "sequence": .count(sequence), "rows": .count(rows),
      "contentBytes": .count(contentBytes), "contentSha256": .digest(contentSHA256), "merkleRoot": .digest(merkleRoot),
      "previousHash": .digest(previousHash), "headHash": .digest(headHash),
      "rowsPerFrameLog2": .count(rowsPerFrameLog2),
      "frames": .array(
        frames.map { frame in
          .object([
            "bytes": .count(frame.bytes), "contentBytes": .count(frame.contentBytes), "rows": .count(frame.rows),
            "merkleRoot": .digest(frame.merkleRoot), "firstCreatedAt": .string(frame.firstCreatedAt.manifestText),
            "lastCreatedAt": .string(frame.lastCreatedAt.manifestText),
          ])
        }),
    ])
  }

  public init(json: JSONValue) throws(DocumentError) {
    let reader = try DocumentReader(json, "carried manifest")
    guard try reader.string("format") == Manifest.format else {
      throw reader.error("format", "is not \(Manifest.format)")
    }
    var frames: [Frame] = []
    for value in try reader.array("frames") {
      let frame = try DocumentReader(value, "carried manifest.frames")
      let span = try Manifest.RowSpan(frame: frame)
      frames.append(
        Frame(
          bytes: try frame.count("bytes"), contentBytes: try frame.count("contentBytes"), rows: try frame.count("rows"),
          merkleRoot: try frame.digest("merkleRoot"), firstCreatedAt: span.firstCreatedAt,
          lastCreatedAt: span.lastCreatedAt))
    }
    let log2 = try reader.count("rowsPerFrameLog2")
    guard log2 <= 20 else { throw reader.error("rowsPerFrameLog2", "is larger than 20") }
    self.init(
      stream: try reader.string("stream"), sequence: try reader.count("sequence"), rows: try reader.count("rows"),
      contentBytes: try reader.count("contentBytes"), contentSHA256: try reader.digest("contentSha256"),
      merkleRoot: try reader.digest("merkleRoot"), previousHash: try reader.digestOrNull("previousHash"),
      headHash: try reader.digestOrNull("headHash"), rowsPerFrameLog2: log2, frames: frames)
  }
}

extension Manifest.RowSpan {
  /// A frame's times, which have no ids beside them.
  fileprivate init(frame: DocumentReader) throws(DocumentError) {
    let members = (frame.value.members ?? []) + [JSONValue.Member("firstId", ""), JSONValue.Member("lastId", "")]
    try self.init(try DocumentReader(.object(members), "carried manifest.frames"))
  }
}
