pwd
java -jar inventory.jar --print
