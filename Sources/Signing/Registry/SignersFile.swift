// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// What `AUDIT_SIGNERS_FILE` holds: a plain list of signers, or a signed version of the registry and candidates.
public struct SignersFile: Sendable {
  /// The version that is trusted by itself; nil for a plain list.
  public var pinned: RegistryVersion?
  /// Of a plain list all signers, else candidates alone.
  public var signers: [SignerEntry]

  public init(pinned: RegistryVersion? = nil, signers: [SignerEntry] = []) {
    self.pinned = pinned
    self.signers = signers
  }

  public init(parsing bytes: [UInt8], name: String) throws(Failure) {
    do throws(DocumentError) {
      let json: JSONValue
      do throws(JSONParseError) { json = try JSONValue(parsing: bytes) } catch {
        throw DocumentError("not a JSON document: \(error)")
      }
      if let fault = Self.fault(in: json) { throw DocumentError(fault) }
      var pinned: RegistryVersion?
      if let registry = json["registry"], let proof = json["proof"] {
        pinned = RegistryVersion(try SignerRegistry(json: registry), proof: try Proof(json: proof))
      }
      var signers: [SignerEntry] = []
      for entry in json[pinned == nil ? "signers" : "candidates"]?.array ?? [] {
        signers.append(try SignerEntry(json: entry))
      }
      self.init(pinned: pinned, signers: signers)
    } catch {
      throw Failure(.configuration, error.reason, on: name, remedy: "correct the signer registry", cause: error)
    }
  }

  /// Why a document is neither a plain list nor a signed version; nil where it may be one.
  ///
  /// A version whose signatures are lost would pass for a list that nobody has to follow to the newest version.
  static func fault(in json: JSONValue) -> String? {
    if json["format"]?.string?.hasPrefix("audit-") == true {
      return
        "it is a proposed version of the registry, or another document, without the signatures under it: name a copy of "
        + "signers/<version>.json"
    }
    guard (json["registry"] == nil) == (json["proof"] == nil) else {
      return "of \"registry\" and \"proof\" one is missing: name a copy of signers/<version>.json"
    }
    return nil
  }

  /// Those that are being tried out.
  public var candidates: [SignerEntry] { signers.filter { $0.status == .candidate } }

  public var bytes: [UInt8] {
    let list = JSONValue.array(signers.map(\.json))
    guard let pinned else { return JSONValue.object(["signers": list]).prettyBytes }
    var members = [
      JSONValue.Member("registry", pinned.registry.json), JSONValue.Member("proof", pinned.proof.json),
    ]
    if !signers.isEmpty { members.append(JSONValue.Member("candidates", list)) }
    return JSONValue.object(members).prettyBytes
  }
}
