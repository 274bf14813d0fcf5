package main

/*
#cgo LDFLAGS: -lz
#include <stdlib.h>
#include <zlib.h>
*/
import "C"

import (
	"crypto/x509"
	"fmt"
	"os"
	"unsafe"
)

func main() {
	if os.Args[1] == "-c" {
		text, err := os.ReadFile(os.Args[2])
		check(err)
		packed := make([]byte, 65536)
		size := C.uLongf(len(packed))
		C.compress((*C.Bytef)(&packed[0]), &size, (*C.Bytef)(&text[0]), C.uLong(len(text)))
		os.Stdout.Write(packed[:size])
		return
	}
	packed, err := os.ReadFile(os.Args[1])
	check(err)
	text := make([]byte, 65536)
	size := C.uLongf(len(text))
	if code := C.uncompress((*C.Bytef)(&text[0]), &size, (*C.Bytef)(unsafe.Pointer(&packed[0])), C.uLong(len(packed))); code != C.Z_OK {
		panic(code)
	}
	roots, err := x509.SystemCertPool()
	check(err)
	fmt.Printf("%d bytes of notes, certificates: %t\n", size, len(roots.Subjects()) > 100)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
