from berths import main

main()
