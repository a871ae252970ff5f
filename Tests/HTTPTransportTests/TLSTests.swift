// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTransport
import TestSupport
import Testing

@Suite("TLS")
struct TLSTests {
  let certificates: TestCertificates
  let authority: TestCertificates.Pair
  let server: TestCertificates.Pair

  init() throws {
    certificates = try TestCertificates()
    authority = try certificates.authority("ca")
    server = try certificates.certificate("server", by: authority, names: ["IP:127.0.0.1", "DNS:right.test"])
  }

  private func client(_ change: (inout HTTPSettings) -> Void = { _ in }) -> HTTPClient {
    makeClient {
      $0.caBundle = authority.certificate
      change(&$0)
    }
  }

  @Test("a certificate of the authority that is trusted")
  func trusted() throws {
    let running = try TLSServer(server)
    let (response, body) = try client().send("GET", "https://127.0.0.1:\(running.port)/")
    #expect(response.status == 200)
    #expect(String(decoding: body, as: UTF8.self).contains("TLSv1.3"))
  }

  @Test("an authority that is not trusted")
  func unknownAuthority() throws {
    let running = try TLSServer(server)
    let other = try certificates.authority("other")
    for bundle in [nil, other.certificate] {
      let error = try client { $0.caBundle = bundle }.failure("GET", "https://127.0.0.1:\(running.port)/?token=secret")
      #expect(error.kind == .tls)
      #expect(!error.wasSent)
      #expect(!error.message.contains("secret"))
    }
  }

  @Test("a certificate for another name")
  func wrongName() throws {
    let other = try certificates.certificate("other", by: authority, names: ["DNS:right.test", "IP:127.0.0.2"])
    let running = try TLSServer(other)
    let error = try client().failure("GET", "https://127.0.0.1:\(running.port)/")
    #expect(error.kind == .tls)
    #expect(!error.wasSent)
  }

  @Test("a version of TLS that is too old")
  func oldVersion() throws {
    let running = try TLSServer(server, options: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
    let error = try client().failure("GET", "https://127.0.0.1:\(running.port)/")
    #expect(error.kind == .tls)
    let newer = try TLSServer(server, options: ["-tls1_2"])
    #expect(try client().send("GET", "https://127.0.0.1:\(newer.port)/").0.status == 200)
  }

  @Test("a server that speaks no TLS")
  func noTLS() throws {
    let plain = try FaultServer()
    let error = try client().failure("GET", "https://127.0.0.1:\(plain.port)/")
    #expect(error.kind == .tls)
    #expect(!error.wasSent)
  }

  @Test("our own certificate, with its key in the clear and encrypted", arguments: ["-tls1_2", "-tls1_3"])
  func mutual(_ version: String) throws {
    let mine = try certificates.certificate("client", by: authority, names: ["DNS:client"])
    let running = try TLSServer(server, clientAuthority: authority.certificate, options: [version])
    let url = "https://127.0.0.1:\(running.port)/"
    let open = client {
      $0.clientCertificate = mine.certificate
      $0.clientKey = mine.key
    }
    #expect(try open.send("GET", url).0.status == 200)
    let encrypted = try certificates.encrypt(mine, passphrase: "hunter2")
    for (passphrase, isRight) in [("hunter2", true), ("wrong", false), (nil, false)] as [(String?, Bool)] {
      let locked = client {
        $0.clientCertificate = encrypted.certificate
        $0.clientKey = encrypted.key
        $0.clientKeyPassphrase = passphrase
      }
      if isRight {
        #expect(try locked.send("GET", url).0.status == 200)
      } else {
        #expect(try locked.failure("GET", url).kind == .badCertificateFile)
      }
    }
  }

  @Test("authorities, certificate and key as texts")
  func texts() throws {
    let mine = try certificates.certificate("client", by: authority, names: ["DNS:client"])
    let running = try TLSServer(server, clientAuthority: authority.certificate)
    let url = "https://127.0.0.1:\(running.port)/"
    func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
    let (authorities, certificate, key) = (
      try text(authority.certificate), try text(mine.certificate), try text(mine.key)
    )
    let client = client {
      $0.caBundle = authorities
      $0.clientCertificate = certificate
      $0.clientKey = key
    }
    #expect(try client.send("GET", url).0.status == 200)
    let together = self.client {
      $0.caBundle = authorities
      $0.clientCertificate = certificate + key
    }
    #expect(try together.send("GET", url).0.status == 200)
    let other = try text(try certificates.authority("other").certificate)
    #expect(try self.client { $0.caBundle = other }.failure("GET", url).kind == .tls)
    let wrong = self.client {
      $0.clientCertificate = certificate
      $0.clientKey = "-----BEGIN PRIVATE KEY-----\nS3CR3T\n-----END PRIVATE KEY-----\n"
    }
    let error = try wrong.failure("GET", url)
    #expect(error.kind == .badCertificateFile && !error.message.contains("S3CR3T"))
  }

  @Test("no certificate of ours, or a stranger's", arguments: ["-tls1_2", "-tls1_3"])
  func refused(_ version: String) throws {
    let stranger = try certificates.authority("stranger")
    let theirs = try certificates.certificate("client", by: stranger, names: ["DNS:client"])
    let running = try TLSServer(server, clientAuthority: authority.certificate, options: [version])
    let url = "https://127.0.0.1:\(running.port)/"
    #expect(try client().failure("GET", url).kind == .tls)
    let other = client {
      $0.clientCertificate = theirs.certificate
      $0.clientKey = theirs.key
    }
    #expect(try other.failure("GET", url).kind == .tls)
  }

  @Test("files that are not there, or hold something else")
  func badFiles() throws {
    let running = try TLSServer(server)
    let url = "https://127.0.0.1:\(running.port)/"
    let file = try TestFile(100)
    #expect(try client { $0.caBundle = "/nowhere/ca.pem" }.failure("GET", url).kind == .badCertificateFile)
    #expect(try client { $0.caBundle = file.path }.failure("GET", url).kind == .badCertificateFile)
    for (certificate, key) in [
      ("/nowhere.pem", server.key), (server.certificate, "/nowhere.key"), (server.certificate, authority.key),
    ] {
      let error = try client {
        $0.clientCertificate = certificate
        $0.clientKey = key
      }.failure("GET", url)
      #expect(error.kind == .badCertificateFile)
      #expect(!error.wasSent)
    }
  }
}
