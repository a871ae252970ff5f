// SPDX-License-Identifier: Apache-2.0
#include "CSHA256.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define SHA __attribute__((target("sha,sse4.1,ssse3")))
#define INLINE static inline __attribute__((always_inline)) SHA
#define UNROLL _Pragma("clang loop unroll(full)")

bool csha256_is_available(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3)) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

// FIPS 180-4, 4.2.2.
static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// The eight working variables in the order in which SHA256RNDS2 takes them.
typedef struct {
  __m128i abef, cdgh;
} Variables;

INLINE Variables load(const uint32_t h[8]) {
  __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)h), 0xb1);
  __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(h + 4)), 0x1b);
  return (Variables){_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0)};
}

INLINE void store(Variables v, uint32_t h[8]) {
  __m128i feba = _mm_shuffle_epi32(v.abef, 0x1b), dchg = _mm_shuffle_epi32(v.cdgh, 0xb1);
  _mm_storeu_si128((__m128i *)h, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128((__m128i *)(h + 4), _mm_alignr_epi8(dchg, feba, 8));
}

INLINE void load_block(const uint8_t *block, __m128i w[4]) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  UNROLL for (int i = 0; i < 4; i++) {
    w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(block + 16 * i)), big_endian);
  }
}

/// Rounds 4i to 4i + 3; `w` holds the last sixteen words of the message's schedule.
INLINE void four_rounds(Variables *v, __m128i w[4], int i) {
  __m128i k = _mm_add_epi32(w[i & 3], _mm_load_si128((const __m128i *)(constants + 4 * i)));
  v->cdgh = _mm_sha256rnds2_epu32(v->cdgh, v->abef, k);
  v->abef = _mm_sha256rnds2_epu32(v->abef, v->cdgh, _mm_shuffle_epi32(k, 0x0e));
  if (i >= 12) return;
  __m128i sum = _mm_add_epi32(
      _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]), _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
  w[i & 3] = _mm_sha256msg2_epu32(sum, w[(i + 3) & 3]);
}

INLINE Variables add(Variables a, Variables b) {
  return (Variables){_mm_add_epi32(a.abef, b.abef), _mm_add_epi32(a.cdgh, b.cdgh)};
}

SHA void csha256_compress_two(
    uint32_t state_a[8], const uint8_t *a, uint32_t state_b[8], const uint8_t *b, size_t blocks) {
  Variables va = load(state_a), vb = load(state_b);
  for (; blocks > 0; blocks--, a += 64, b += 64) {
    Variables before_a = va, before_b = vb;
    __m128i wa[4], wb[4];
    load_block(a, wa);
    load_block(b, wb);
    UNROLL for (int i = 0; i < 16; i++) {
      four_rounds(&va, wa, i);
      four_rounds(&vb, wb, i);
    }
    va = add(va, before_a);
    vb = add(vb, before_b);
  }
  store(va, state_a);
  store(vb, state_b);
}

SHA void csha256_compress_one(uint32_t state[8], const uint8_t *message, size_t blocks) {
  Variables v = load(state);
  for (; blocks > 0; blocks--, message += 64) {
    Variables before = v;
    __m128i w[4];
    load_block(message, w);
    UNROLL for (int i = 0; i < 16; i++) four_rounds(&v, w, i);
    v = add(v, before);
  }
  store(v, state);
}

#else

bool csha256_is_available(void) { return false; }

void csha256_compress_two(
    uint32_t state_a[8], const uint8_t *message_a, uint32_t state_b[8], const uint8_t *message_b, size_t blocks) {
  __builtin_trap();  // never called: see csha256_is_available
}

void csha256_compress_one(uint32_t state[8], const uint8_t *message, size_t blocks) { __builtin_trap(); }

#endif
