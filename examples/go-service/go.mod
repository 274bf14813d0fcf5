module example.com/sunclock

go 1.19
