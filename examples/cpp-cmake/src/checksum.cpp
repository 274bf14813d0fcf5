#include "checksum.hpp"

#include <array>
#include <zlib.h>

std::uint32_t checksum(std::istream& input) {
    std::array<char, 4096> block;
    uLong sum = crc32(0L, Z_NULL, 0);
    while (input.read(block.data(), block.size()) || input.gcount() > 0) {
        sum = crc32(sum, reinterpret_cast<const Bytef*>(block.data()), static_cast<uInt>(input.gcount()));
    }
    return static_cast<std::uint32_t>(sum);
}
