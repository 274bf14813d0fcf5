// Prints the CRC-32 of each file named, or of standard input.
#include "checksum.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>

int main(int argc, char** argv) {
    if (argc < 2) {
        std::printf("%08x  -\n", checksum(std::cin));
        return 0;
    }
    for (int i = 1; i < argc; ++i) {
        std::ifstream file(argv[i], std::ios::binary);
        if (!file) {
            std::cerr << argv[i] << ": cannot be read\n";
            return 1;
        }
        std::printf("%08x  %s\n", checksum(file), argv[i]);
    }
}
