package main

import (
	"html/template"
	"os"
	"time"
)

func main() {
	state, err := os.ReadFile("/var/lib/pages/state")
	if err != nil {
		panic(err)
	}
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		panic(err)
	}
	day := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC).In(zone)
	page := template.Must(template.ParseFiles(os.Getenv("PAGES") + "/day.html"))
	if err := page.Execute(os.Stdout, map[string]any{"Day": day, "State": string(state)}); err != nil {
		panic(err)
	}
}
