/** Scenario walks through everything that the SDK can do with contacts. */
public final class Scenario {
    public static void main(String[] args) throws Exception {
        Steps steps = new Steps();
        Client full = Client.of("FULL");
        steps.step("the same token again within its life", () -> Steps.equal("token", Client.of("FULL").token, full.token));
        new Reading(steps, full).walk();
        new People(steps, full).walk();
        new Writing(steps, full).walk();
        new Roles(steps, full).walk();
        new Classic(steps, full).walk();
        new ThirdParty(steps).walk();
        new Refusals(steps, full).walk();
        steps.end();
    }
}
