package main

import "math"

// DayLength is the time between sunrise and sunset in hours, at a latitude in degrees on a day of the year.
func DayLength(latitude float64, day int) float64 {
	declination := 23.44 * math.Pi / 180 * math.Sin(2*math.Pi*float64(day-81)/365)
	cosine := -math.Tan(latitude*math.Pi/180) * math.Tan(declination)
	return 24 / math.Pi * math.Acos(math.Max(-1, math.Min(1, cosine)))
}
