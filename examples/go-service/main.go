// Sunclock answers over HTTP how long the day is at a latitude.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
)

func handle(w http.ResponseWriter, r *http.Request) {
	latitude, err := strconv.ParseFloat(r.URL.Query().Get("latitude"), 64)
	day, errDay := strconv.Atoi(r.URL.Query().Get("day"))
	if err != nil || errDay != nil {
		http.Error(w, "latitude and day, please", http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "%.2f hours\n", DayLength(latitude, day))
}

// check asks the service itself, without a network, and prints what it says.
func check() int {
	for _, target := range []string{"/?latitude=52.5&day=172", "/?latitude=52.5&day=355", "/?latitude=x"} {
		answer := httptest.NewRecorder()
		handle(answer, httptest.NewRequest("GET", target, nil))
		fmt.Print(answer.Code, " ", answer.Body.String())
	}
	return 0
}

func main() {
	checking := flag.Bool("check", false, "answer three questions and end")
	flag.Parse()
	if *checking {
		os.Exit(check())
	}
	http.HandleFunc("/", handle)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
