// SPDX-License-Identifier: Apache-2.0

/// The order that the format gives to the members of signed objects.
///
/// The canonical form sorts members, so that their order is outside the digest: a reader allows one alone.
indirect enum MemberOrder: Sendable {
  case members([(name: String, order: MemberOrder?)])
  case each(MemberOrder)

  static func names(_ names: String...) -> MemberOrder { .members(names.map { ($0, nil) }) }

  private static let anomalies = each(names("kind", "row", "id", "detail"))
  private static let signatures = names("valid", "unsigned", "invalid", "unverifiable")

  /// Of `manifest`, as ``Manifest/json`` writes it.
  static let manifest = members([
    ("format", nil), ("stream", nil), ("sequence", nil), ("previousManifest", nil), ("createdAt", nil), ("tool", nil),
    ("coverage", names("day", "part", "last")),
    (
      "source",
      members([
        ("systemIdentifier", nil), ("database", nil), ("table", nil), ("timeline", nil), ("lsn", nil),
        ("oldestTransactionStart", nil), ("resumeFrom", nil),
        ("columns", each(names("name", "type", "notNull", "generated"))),
        ("indexes", each(names("columns", "method", "unique", "primary"))),
      ])
    ),
    ("bundle", names("key", "bytes", "sha256", "contentBytes", "contentSha256", "frames")),
    ("rows", names("count", "total", "firstId", "lastId", "firstCreatedAt", "lastCreatedAt")),
    (
      "chain",
      members([
        ("previousHash", nil), ("headHash", nil), ("intact", nil), ("anomalies", anomalies), ("anomaliesTotal", nil),
        ("signatures", signatures), ("acceptedRewind", nil),
      ])
    ),
    ("merkleRoot", nil), ("retention", names("mode", "until", "legalHold")),
  ])

  /// Of a drill's `report`.
  static let report = members([
    ("format", nil), ("stream", nil), ("tool", nil), ("startedAt", nil), ("verdict", nil), ("days", nil),
    ("manifests", names("first", "last")), ("rows", nil), ("headHash", nil),
    ("steps", each(names("name", "milliseconds", "ok", "detail"))), ("recoveryMilliseconds", nil),
    ("recoveryPoint", nil), ("anomalies", anomalies), ("anomaliesTotal", nil), ("findings", nil),
    ("signatures", signatures),
  ])

  /// Of a shard's `check`.
  static let check = members([
    ("format", nil), ("stream", nil), ("run", nil), ("shard", nil), ("of", nil), ("tool", nil), ("startedAt", nil),
    ("finishedAt", nil), ("rules", names("signatures", "requireSignatures", "manifestSignatures", "columns")),
    ("end", nil),
    (
      "manifests",
      each(
        members([
          ("sequence", nil), ("rows", nil),
          ("signatures", names("valid", "unsigned", "invalid", "unverifiable", "skipped")),
          ("anomaliesTotal", nil), ("findingsTotal", nil), ("notes", nil),
          (
            "manifest",
            names(
              "digest", "previousManifest", "day", "part", "last", "count", "total", "previousHash", "headHash",
              "bundle")
          ),
        ]))
    ),
    ("findings", each(names("sequence", "object", "reason"))),
    ("anomalies", each(names("sequence", "kind", "row", "id", "detail"))),
  ])

  /// The first member that does not stand where it must; members that the order does not name may stand anywhere.
  func misplaced(in value: JSONValue) -> String? {
    switch self {
    case .each(let order):
      for element in value.array ?? [] {
        if let name = order.misplaced(in: element) { return name }
      }
    case .members(let known):
      var next = 0
      for member in value.members ?? [] {
        guard let place = known.firstIndex(where: { $0.name == member.name }) else { continue }
        if place < next { return member.name }
        next = place + 1
        if let name = known[place].order?.misplaced(in: member.value) { return name }
      }
    }
    return nil
  }
}
