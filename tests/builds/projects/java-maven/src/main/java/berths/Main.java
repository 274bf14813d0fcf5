package berths;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

public class Main {
    public static void main(String[] words) throws Exception {
        var kind = new TypeToken<TreeMap<String, Integer>>() {};
        Map<String, Integer> berths;
        try (var reader = new InputStreamReader(Main.class.getResourceAsStream("/berths.json"))) {
            berths = new Gson().fromJson(reader, kind.getType());
        }
        for (String line : Files.readAllLines(Path.of(System.getenv("TAKEN")))) {
            berths.merge(line.strip(), -1, Integer::sum);
        }
        System.out.println(new Gson().toJson(berths));
    }
}
