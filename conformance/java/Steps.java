import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Steps runs the steps of a scenario and reports each in a line, as the runner reads it. */
final class Steps {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private boolean failed;

    /** A Step ends well, or throws. */
    interface Step {
        void run() throws Exception;
    }

    /** A surprise is what a step throws when the answer is not the expected one. */
    static final class Surprise extends Exception {
        Surprise(String message) {
            super(message);
        }
    }

    void step(String name, Step step) {
        try {
            step.run();
            OUT.println("ok " + name);
        } catch (Throwable e) {
            failed = true;
            String why = e instanceof Surprise ? e.getMessage() : e.toString();
            OUT.println("FAILED " + name + ": " + String.valueOf(why).replace('\n', ' '));
        }
    }

    static void equal(String what, Object got, Object want) throws Surprise {
        if (!Objects.equals(got, want)) {
            throw new Surprise(what + " is " + got + ", not " + want);
        }
    }

    /** end leaves the program with the exit code that says how it went. */
    void end() {
        System.exit(failed ? 1 : 0);
    }

    /** env is what the runner tells the program: URL, CORPID, or APP_APPKEY and APP_APPSECRET of an app. */
    static String env(String name) {
        return Objects.requireNonNull(System.getenv("CONFORMANCE_" + name), "CONFORMANCE_" + name + " is not set");
    }
}
