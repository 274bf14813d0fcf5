package tides;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.Properties;
import java.util.TreeMap;

public class Main {
    public static void main(String[] words) throws IOException {
        Properties harbours = new Properties();
        harbours.load(Main.class.getResourceAsStream("harbours.properties"));
        HttpClient client = HttpClient.newHttpClient();
        System.out.println(client.version() + " " + URI.create("http://localhost:8080").getPort());
        new TreeMap<>(harbours).forEach((name, height) -> System.out.println(Height.of(name, height)));
    }
}
