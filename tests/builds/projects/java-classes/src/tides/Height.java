package tides;

record Height(String harbour, double metres) {
    static Height of(Object harbour, Object metres) {
        return new Height(harbour.toString(), Double.parseDouble(metres.toString()));
    }
}
