// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has what the functions below need: x86's SHA extensions with SSE4.1.
bool csha256_is_available(void);

/// Compresses `blocks` blocks of 64 bytes of two messages (FIPS 180-4, 6.2.2), round by round in turn: the rounds of one
/// message wait for each other, so a second one fills the gaps.
void csha256_compress_two(
    uint32_t state_a[8], const uint8_t *message_a, uint32_t state_b[8], const uint8_t *message_b, size_t blocks);

/// Compresses `blocks` blocks of one message.
void csha256_compress_one(uint32_t state[8], const uint8_t *message, size_t blocks);
