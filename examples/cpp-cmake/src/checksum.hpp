#pragma once

#include <cstdint>
#include <istream>

// The CRC-32 of all that is left to read.
std::uint32_t checksum(std::istream& input);
