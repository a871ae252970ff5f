// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

@Suite("Standard tools agree", .enabled(if: TemporaryPostgres.isUsable))
struct IndependenceTests {
  private func shell(_ script: String, in directory: String) throws -> String {
    let output = try Command.run("bash", ["-euo", "pipefail", "-c", script], directory: directory)
    guard output.status == 0 else { throw TestSupportError("\(script): \(output.errorText)") }
    return output.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test("zstd, jq, sha256sum and openssl check what we made", arguments: ["ed25519", "rsa"])
  func tools(key: String) throws {
    let site = try Site()
    try site.makeChain(rows: 200, days: 1)
    let change: [String: String?] = ["AUDIT_MANIFEST_SIGNER": "local:" + Fixtures.path("chain/\(key).pem")]
    #expect(try site.run("audit", "archive", change: change).status == 0)
    let folder = site.directory("archive/memory-layer")
    let manifest = try JSONValue(
      parsing: [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/manifests/0000000000.json"))))
    let bundle = try #require(manifest["manifest"]?["bundle"])
    let file = try #require(bundle["key"]?.string)
    #expect(try shell("sha256sum < \(file) | cut -c1-64", in: folder) == bundle["sha256"]?.string)
    #expect(try shell("zstd -dc \(file) | sha256sum | cut -c1-64", in: folder) == bundle["contentSha256"]?.string)
    #expect(
      try shell("jq -cS .manifest manifests/0000000000.json | tr -d '\\n' | sha256sum | cut -c1-64", in: folder)
        == manifest["proof"]?["digestHex"]?.string)
    try Data("x".utf8).write(to: URL(fileURLWithPath: site.directory("x")))
    let option = key == "rsa" ? "-pkeyopt digest:sha256" : "-rawin"
    let verdict = try shell(
      """
      jq -cS .manifest manifests/0000000000.json | tr -d '\\n' | openssl dgst -sha256 -binary > \(site.directory("digest"))
      jq -r '.proof.signatures[0].signature' manifests/0000000000.json | base64 -d > \(site.directory("signature"))
      openssl pkeyutl -verify -pubin -inkey \(Fixtures.path("chain/\(key).pub.pem")) \(option) \
        -in \(site.directory("digest")) -sigfile \(site.directory("signature"))
      """, in: folder)
    #expect(verdict.contains("Verified Successfully"))
  }

  @Test("Polars reads the bundles as they are")
  func polars() throws {
    let python = Fixtures.directory + "/../../.venv/bin/python"
    guard FileManager.default.isExecutableFile(atPath: python) else {
      // scripts/test makes it; in CI it must be there.
      #expect(ProcessInfo.processInfo.environment["CI"] == nil, "scripts/dependencies test has not run")
      return
    }
    let site = try Site()
    try site.makeChain(rows: 300, days: 1)
    #expect(try site.run("audit", "archive").status == 0)
    let bundle = try #require(try site.bundles().first)
    let script = "import polars, sys; frame = polars.read_ndjson(sys.argv[1]); print(frame.height, frame['hash'][-1])"
    let output = try Command.run(python, ["-c", script, site.directory("archive/memory-layer/bundles/\(bundle)")])
    #expect(output.status == 0, "\(output.errorText)")
    let head = try json(try site.run("audit", "verify", "--json"))["headHash"]?.string ?? ""
    #expect(output.text.trimmingCharacters(in: .newlines) == "300 \(head)")
  }

  static let hasNode = (try? Command.run("node", ["--version"]).status) == 0

  @Test("a reader like the service's own sees the same chain in a replayed table", .enabled(if: hasNode))
  func serviceReader() throws {
    let site = try Site()
    try site.makeChain(rows: 500)
    #expect(try site.run("audit", "archive").status == 0)
    #expect(try site.run("audit", "replay", "--schema", "replayed").status == 0)
    let head = try json(try site.run("audit", "verify", "--json"))["headHash"]?.string
    // Reads rows as JSON, follows prev_hash from the genesis, and hashes as the service does.
    let script = """
      const crypto = require('crypto'), fs = require('fs');
      const rows = fs.readFileSync(0, 'utf8').trimEnd().split('\\n').map(line => JSON.parse(line));
      const next = new Map(rows.map(row => [row.prev_hash, row]));
      const sorted = v => Array.isArray(v) ? v.map(sorted) : v && typeof v === 'object'
        ? Object.fromEntries(Object.keys(v).sort().map(k => [k, sorted(v[k])])) : v;
      let head = null, count = 0;
      for (let row = next.get(null); row; row = next.get(head)) {
        const hash = crypto.createHash('sha256').update(JSON.stringify(sorted(row.payload)));
        if (row.prev_hash) hash.update(Buffer.from(row.prev_hash, 'hex'));
        const digest = hash.digest();
        const mac = crypto.createHmac('sha256', 'vector-key').update(digest).digest('base64');
        if (digest.toString('hex') !== row.hash || mac !== row.signature) throw new Error(`row ${row.id}`);
        head = row.hash; count++;
      }
      console.log(`${count} of ${rows.length} ${head}`);
      """
    for (url, table) in [(site.source, "public.audit_events"), (site.staging, "replayed.audit_events")] {
      let output = try Command.run(
        "bash",
        [
          "-euo", "pipefail", "-c", #"psql -qXAt "$1" -c "SELECT row_to_json(t) FROM $2 AS t" | node -e "$3""#, "bash",
          url,
          table, script,
        ])
      #expect(output.status == 0, "\(output.errorText)")
      #expect(output.text.trimmingCharacters(in: .newlines) == "500 of 500 \(head ?? "")")
    }
  }

  @Test("Node agrees on a million values", .enabled(if: hasNode))
  func node() throws {
    let script = """
      const values = process.argv[1] * 1; let seed = 7;
      const next = () => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return seed; };
      const view = new DataView(new ArrayBuffer(8));
      const number = () => { for (;;) { view.setUint32(0, next()); view.setUint32(4, next());
        const value = view.getFloat64(0); if (Number.isFinite(value)) return next() % 3 ? value : next() % 2 ? next() / 1000 : next() - 2147483648; } };
      const pieces = ['a', 'B', '0', 'é', '€', '\\u{fb33}', '😂', '\\n', '\\u0001', '"', '\\\\', ' ', '\\u2028', '\\u007f', 'longer than eight', '/'];
      const text = () => { let out = ''; for (let n = next() % 5; n > 0; n--) out += pieces[next() % pieces.length]; return out; };
      const value = depth => { switch (next() % (depth > 2 ? 4 : 6)) { case 0: return number(); case 1: return text();
        case 2: return [true, false, null][next() % 3]; case 3: return number();
        case 4: return Array.from({ length: next() % 4 }, () => value(depth + 1));
        default: { const out = {}; for (let n = next() % 6; n > 0; n--) out['_' + text()] = value(depth + 1); return out; } } };
      const sorted = v => Array.isArray(v) ? v.map(sorted) : v && typeof v === 'object'
        ? Object.fromEntries(Object.keys(v).sort().map(k => [k, sorted(v[k])])) : v;
      const fs = require('fs'); const [input, expected] = [fs.openSync(process.argv[2], 'w'), fs.openSync(process.argv[3], 'w')];
      let a = [], b = [];
      for (let i = 0; i < values; i++) { const v = value(0); a.push(JSON.stringify(v)); b.push(JSON.stringify(sorted(v)));
        if (a.length == 10000 || i == values - 1) { fs.writeSync(input, a.join('\\n') + '\\n'); fs.writeSync(expected, b.join('\\n') + '\\n'); a = []; b = []; } }
      """
    let directory = try TemporaryDirectory("node")
    let made = try Command.run("node", ["-e", script, "1000000", directory("input"), directory("expected")])
    #expect(made.status == 0, "\(made.errorText)")
    let compared = try Command.run(
      "bash",
      [
        "-c",
        "\(Fixtures.product("memoryctl")) audit canonicalize < \(directory("input")) | cmp - \(directory("expected"))",
      ])
    #expect(compared.status == 0, "\(compared.text)\(compared.errorText)")
  }
}
