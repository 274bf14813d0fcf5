package inventory;

import com.sun.net.httpserver.HttpServer;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Serves the stock over HTTP, or prints it when called with {@code --print}. */
public final class Main {
    public static void main(String[] arguments) throws Exception {
        Stock stock = Stock.read(Path.of("stock.csv"));
        if (arguments.length > 0 && arguments[0].equals("--print")) {
            System.out.println(stock.summary());
            return;
        }
        HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
        server.createContext("/", exchange -> {
            byte[] body = stock.summary().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            try (OutputStream output = exchange.getResponseBody()) {
                output.write(body);
            }
        });
        server.start();
    }
}
