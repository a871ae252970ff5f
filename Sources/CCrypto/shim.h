// SPDX-License-Identifier: Apache-2.0
#pragma once
// The low-level SHA-256 keeps its state in a plain struct: no allocation a message, and a saved HMAC
// state is a copy of it. OpenSSL 3 marks it deprecated in favour of EVP, which allocates.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
