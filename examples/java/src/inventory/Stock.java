package inventory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** How many of each article there are. */
public final class Stock {
    private final Map<String, Integer> counts = new TreeMap<>();

    /** Reads lines of the form {@code article,count}. */
    public static Stock read(Path file) throws IOException {
        Stock stock = new Stock();
        for (String line : Files.readAllLines(file)) {
            String[] parts = line.split(",");
            stock.counts.merge(parts[0], Integer.parseInt(parts[1]), Integer::sum);
        }
        return stock;
    }

    public String summary() {
        return counts.toString();
    }
}
