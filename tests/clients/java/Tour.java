// Tour.java tour|login: the tour with JDBC and MariaDB Connector/J.

import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.HexFormat;

class Tour {
    static final String STAGE = System.getenv("STAGE");
    static final String BIG = "x".repeat(300000);
    static final String TYPES = "SELECT 7 AS i, -8 AS n, 18446744073709551615 AS u, 1.50 AS c, 2.5e0 AS f, 'Žluť €' AS t, NULL AS z, "
            + "CAST(X'00ff' AS BINARY) AS b, CAST('2024-02-29' AS DATE) AS d, "
            + "CAST('2024-02-29 12:34:56.123456' AS DATETIME(6)) AS s";
    static final String[][] ERRORS = {
        {"syntax", "SELEKT 1"},
        {"not found", "LIST @" + STAGE + "_none"},
        {"exists", "CREATE STAGE " + STAGE},
        {"unsupported", "CREATE TABLE t (a INT)"},
        {"unsafe", "REMOVE @" + STAGE},
        {"invalid", "CREATE STAGE " + STAGE + "_bad FILE_FORMAT = (TYPE = WORD)"},
    };
    static final Object[][] BOUND = {{1, "one"}, {-2, "O'Re\\il\"ly"}, {null, "€"}};

    static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    interface Call {
        void run() throws Exception;
    }

    static void say(String step, String... values) {
        OUT.println(step + ": " + String.join(" | ", values));
    }

    /** The value with the kind of its Java type. */
    static String value(Object v) {
        if (v == null) {
            return "null";
        } else if (v instanceof byte[] b) {
            return "bytes " + HexFormat.of().formatHex(b);
        } else if (v instanceof Integer || v instanceof Long || v instanceof BigInteger) {
            return "int " + v;
        } else if (v instanceof BigDecimal) {
            return "decimal " + v;
        } else if (v instanceof Double) {
            return "float " + v;
        } else if (v instanceof String) {
            return "text " + v;
        } else if (v instanceof Timestamp) {
            return "datetime " + v;
        } else if (v instanceof Date) {
            return "date " + v;
        }
        return v.getClass().getName() + " " + v;
    }

    static void rows(String step, ResultSet r, boolean head) throws SQLException {
        ResultSetMetaData meta = r.getMetaData();
        String[] line = new String[meta.getColumnCount()];
        for (int i = 0; i < line.length; i++) {
            line[i] = meta.getColumnLabel(i + 1);
        }
        if (head) {
            say(step, line);
        }
        while (r.next()) {
            for (int i = 0; i < line.length; i++) {
                line[i] = value(r.getObject(i + 1));
            }
            say(step, line);
        }
        r.close();
    }

    static void rows(Connection c, String step, String query, boolean head) throws SQLException {
        try (Statement s = c.createStatement()) {
            rows(step, s.executeQuery(query), head);
        }
    }

    static void does(Connection c, String step, String query) throws SQLException {
        try (Statement s = c.createStatement()) {
            say(step, "done " + s.executeUpdate(query));
        }
    }

    static void execute(Connection c, String query) throws SQLException {
        try (Statement s = c.createStatement()) {
            s.execute(query);
        }
    }

    static void fails(String step, Call call) throws Exception {
        try {
            call.run();
            say(step, "done");
        } catch (SQLException e) {
            say(step, "error " + e.getErrorCode() + " " + e.getSQLState());
        }
    }

    static Connection connect(String port, String password, String options) throws SQLException {
        return DriverManager.getConnection("jdbc:mariadb://127.0.0.1:" + port + "/?allowPublicKeyRetrieval=true&" + options, "root", password);
    }

    static Connection connect(String options) throws SQLException {
        return connect(System.getenv("SQL_PORT"), System.getenv("SQL_PASSWORD"), options);
    }

    static Connection overProxy(String options) throws SQLException {
        return connect(System.getenv("PROXY_PORT"), System.getenv("SQL_PASSWORD"), options);
    }

    /** The page's request: a form with one file. */
    static void upload(String name, String content) throws Exception {
        String body = "--limit\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"" + name + "\"\r\n\r\n"
                + content + "\r\n--limit--\r\n";
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + System.getenv("HTTP_ADDR") + "/v1/upload_to_stage"))
                .header("stage_name", STAGE)
                .header("Content-Type", "multipart/form-data; boundary=limit")
                .PUT(HttpRequest.BodyPublishers.ofString(body)).build();
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        say("upload", "" + client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
    }

    static void walk(Connection c) throws Exception {
        rows(c, "version", "SELECT VERSION()", false);
        does(c, "create", "CREATE STAGE " + STAGE);
        rows(c, "empty list", "LIST @" + STAGE, true);
        upload("books.parquet", "PAR1 and so on PAR1");
        rows(c, "list", "LIST @" + STAGE, true);
        rows(c, "full", "LIST FULL @" + STAGE, true);
        rows(c, "types", TYPES, true);
        for (String[] e : ERRORS) {
            fails(e[0], () -> execute(c, e[1]));
        }
        bound(c, "bound");
    }

    static void bound(Connection c, String step) throws SQLException {
        try (PreparedStatement s = c.prepareStatement("SELECT ?, ?")) {
            for (Object[] args : BOUND) {
                s.setObject(1, args[0], Types.INTEGER);
                s.setString(2, (String) args[1]);
                rows(step, s.executeQuery(), false);
            }
        }
    }

    static void prepared() throws Exception {
        try (Connection c = connect("useServerPrepStmts=true")) {
            bound(c, "prepared");
            try (PreparedStatement s = c.prepareStatement(TYPES)) {
                rows("prepared types", s.executeQuery(), true);
            }
            try (PreparedStatement s = c.prepareStatement("LIST @" + STAGE)) {
                rows("prepared list", s.executeQuery(), false);
                rows("prepared list", s.executeQuery(), false);
            }
            fails("prepared error", () -> {
                try (PreparedStatement s = c.prepareStatement("LIST @" + STAGE + "_none")) {
                    s.executeQuery();
                }
            });
        }
    }

    static void transactions(Connection c) throws SQLException {
        String[] ends = {"commit", "rollback", "autocommit"};
        for (String end : ends) {
            c.setAutoCommit(end.equals("autocommit"));
            rows(c, "autocommit", "SELECT @@autocommit", false);
            if (end.equals("commit")) {
                c.commit();
            } else if (end.equals("rollback")) {
                c.rollback();
            }
        }
    }

    static void session(Connection c) throws Exception {
        c.setCatalog("default");
        rows(c, "use", "SELECT DATABASE()", false);
        fails("use", () -> c.setCatalog("nowhere"));
        if (!c.isValid(10)) {
            throw new IllegalStateException("no ping");
        }
        try (Connection many = connect("allowMultiQueries=true")) {
            results(many, "multi", "SELECT 1; SELECT 'two'; LIST @" + STAGE);
            fails("multi error", () -> results(many, "multi error", "SELECT 1; LIST @" + STAGE + "_none; SELECT 3"));
        }
    }

    static void results(Connection c, String step, String query) throws SQLException {
        try (Statement s = c.createStatement()) {
            for (boolean more = s.execute(query); more; more = s.getMoreResults()) {
                rows(step, s.getResultSet(), false);
            }
        }
    }

    static void compressed() throws SQLException {
        try (Connection c = overProxy("useCompression=true")) {
            rows(c, "compressed", "SELECT LENGTH('" + BIG + "')", false);
            try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT '" + BIG + "'")) {
                say("compressed", r.next() && r.getString(1).equals(BIG) ? "same" : "different");
            }
        }
    }

    static void interrupted(Connection c) throws Exception {
        execute(c, "SET max_execution_time = 100");
        fails("timeout", () -> execute(c, "SELECT SLEEP(30)"));
        execute(c, "SET max_execution_time = 0");
        rows(c, "sleeping", "SELECT CONNECTION_ID()", false);
        fails("killed", () -> execute(c, "SELECT SLEEP(30)"));
        rows(c, "after", "SELECT 1", false);
        try (Connection other = connect("")) {
            try (Statement s = other.createStatement(); ResultSet r = s.executeQuery("SELECT CONNECTION_ID()")) {
                r.next();
                execute(c, "KILL " + r.getLong(1));
            }
            say("kill", other.isValid(10) ? "still there" : "gone");
        }
    }

    static void tour(Connection c) throws Exception {
        walk(c);
        prepared();
        transactions(c);
        session(c);
        compressed();
        interrupted(c);
        rows(c, "remove", "REMOVE @" + STAGE + "/books.parquet", true);
        does(c, "drop", "DROP STAGE " + STAGE);
    }

    static void login(Connection c) throws Exception {
        rows(c, "login", "SELECT CURRENT_USER()", false);
        try (Connection secure = overProxy("useSsl=true&trustServerCertificate=true")) {
            rows(secure, "over TLS", "SELECT CURRENT_USER()", false);
        }
        fails("wrong password", () -> connect(System.getenv("SQL_PORT"), "wrong", ""));
    }

    interface Rows {
        ResultSet get() throws SQLException;
    }

    /** The rows of a question about the server: these columns of each. */
    static void asks(String step, Rows call, String... columns) throws SQLException {
        try (ResultSet r = call.get()) {
            int n = 0;
            for (; r.next(); n++) {
                String[] line = new String[columns.length];
                for (int i = 0; i < line.length; i++) {
                    line[i] = r.getString(columns[i]);
                }
                say(step, line);
            }
            say(step, n + " rows");
        }
    }

    static void metadata(Connection c) throws Exception {
        DatabaseMetaData m = c.getMetaData();
        String is = "information_schema";
        asks("catalogs", m::getCatalogs, "TABLE_CAT");
        asks("schemas", m::getSchemas);
        asks("table types", m::getTableTypes, "TABLE_TYPE");
        asks("tables of default", () -> m.getTables("default", null, "%", new String[] {"TABLE", "VIEW"}));
        asks("tables", () -> m.getTables(is, null, "S%", null), "TABLE_CAT", "TABLE_NAME", "TABLE_TYPE");
        asks("columns", () -> m.getColumns(is, null, "STAGES", "%"), "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "IS_NULLABLE");
        asks("procedures", () -> m.getProcedures(null, null, "%"));
        asks("procedure columns", () -> m.getProcedureColumns(null, null, "%", "%"));
        asks("functions", () -> m.getFunctions(null, null, "%"));
        asks("function columns", () -> m.getFunctionColumns(null, null, "%", "%"));
        asks("primary keys", () -> m.getPrimaryKeys(is, null, "STAGES"));
        asks("index info", () -> m.getIndexInfo(is, null, "STAGES", false, false));
        asks("imported keys", () -> m.getImportedKeys(is, null, "STAGES"));
        asks("exported keys", () -> m.getExportedKeys(is, null, "STAGES"));
        asks("cross reference", () -> m.getCrossReference(is, null, "STAGES", is, null, "TABLES"));
        asks("best row identifier", () -> m.getBestRowIdentifier(is, null, "STAGES", DatabaseMetaData.bestRowSession, true));
        asks("column privileges", () -> m.getColumnPrivileges(is, null, "STAGES", "%"));
        asks("table privileges", () -> m.getTablePrivileges(is, null, "STAGES"));
    }

    public static void main(String[] args) throws Exception {
        try (Connection c = connect("")) {
            if (args[0].equals("login")) {
                login(c);
            } else if (args[0].equals("metadata")) {
                metadata(c);
            } else {
                tour(c);
            }
        }
        say("end", "closed");
    }
}
