package locks;

import java.io.File;
import java.util.Map;
import java.util.TreeMap;

public class Main {
    public static void main(String[] words) {
        Map<String, Double> rises = new TreeMap<String, Double>();
        rises.put("Corpach", 2.5);
        rises.put("Banavie", 19.5);
        rises.put("Gairlochy", 2.1);
        for (Map.Entry<String, Double> lock : rises.entrySet()) {
            System.out.println(lock.getKey() + " rises " + lock.getValue() + " m");
        }
        System.out.println(new File("build/libs/locks.jar").canRead());
    }
}
