java $JAVA_OPTS -jar target/berths.jar
