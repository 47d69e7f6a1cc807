import com.dingtalk.api.request.*;
import java.util.List;

/** Roles makes a role, gives it to people, and removes it. They lead no department: leaders have a role of their own. */
final class Roles {
    private final Steps steps;
    private final Client api;
    private long group;
    private long role;

    Roles(Steps steps, Client api) {
        this.steps = steps;
        this.api = api;
    }

    void walk() {
        steps.step("add_role_group, add_role, update_role", () -> {
            OapiRoleAddrolegroupRequest g = new OapiRoleAddrolegroupRequest();
            g.setName("职级");
            group = api.good("/role/add_role_group", g).getGroupId();
            OapiRoleAddRoleRequest add = new OapiRoleAddRoleRequest();
            add.setGroupId(group);
            add.setRoleName("顾问");
            role = api.good("/role/add_role", add).getRoleId();
            OapiRoleUpdateRoleRequest update = new OapiRoleUpdateRoleRequest();
            update.setRoleId(role);
            update.setRoleName("高级顾问");
            api.good("/role/update_role", update);
        });
        steps.step("addrolesforemps", () -> {
            OapiRoleAddrolesforempsRequest req = new OapiRoleAddrolesforempsRequest();
            req.setRoleIds(String.valueOf(role));
            req.setUserIds("wangwu,lisi");
            api.good("/topapi/role/addrolesforemps", req);
            var roles = People.get(api, "wangwu").getRoleList();
            Steps.equal("roles", roles.size(), 1);
            Steps.equal("id", roles.get(0).getId(), role);
            Steps.equal("name", roles.get(0).getName(), "高级顾问");
            Steps.equal("group_name", roles.get(0).getGroupName(), "职级");
        });
        steps.step("role/list, getrole, getrolegroup, simplelist", () -> {
            OapiRoleListRequest list = new OapiRoleListRequest();
            list.setOffset(0L);
            list.setSize(200L);
            var found = api.good("/topapi/role/list", list).getResult().getList().stream()
                    .filter(g -> g.getGroupId() == group).findFirst().orElseThrow();
            Steps.equal("group", found.getName(), "职级");
            Steps.equal("role", found.getRoles().get(0).getName(), "高级顾问");
            OapiRoleGetroleRequest one = new OapiRoleGetroleRequest();
            one.setRoleId(role);
            var got = api.good("/topapi/role/getrole", one).getRole();
            Steps.equal("name", got.getName(), "高级顾问");
            Steps.equal("groupId", got.getGroupId(), group);
            OapiRoleGetrolegroupRequest of = new OapiRoleGetrolegroupRequest();
            of.setGroupId(group);
            var whole = api.good("/topapi/role/getrolegroup", of).getRoleGroup();
            Steps.equal("group_name", whole.getGroupName(), "职级");
            Steps.equal("role_id", whole.getRoles().get(0).getRoleId(), role);
            OapiRoleSimplelistRequest members = new OapiRoleSimplelistRequest();
            members.setRoleId(role);
            members.setOffset(0L);
            members.setSize(1L);
            var page = api.good("/topapi/role/simplelist", members).getResult();
            Steps.equal("page", page.getList().size(), 1);
            Steps.equal("hasMore", page.getHasMore(), true);
            members.setOffset(1L);
            page = api.good("/topapi/role/simplelist", members).getResult();
            Steps.equal("page", page.getList().size(), 1);
            Steps.equal("hasMore", page.getHasMore(), false);
        });
        steps.step("removerolesforemps, deleterole", () -> {
            OapiRoleRemoverolesforempsRequest req = new OapiRoleRemoverolesforempsRequest();
            req.setRoleIds(String.valueOf(role));
            req.setUserIds("wangwu,lisi");
            api.good("/topapi/role/removerolesforemps", req);
            var roles = People.get(api, "wangwu").getRoleList();
            Steps.equal("roles", roles == null ? List.of() : roles, List.of());
            OapiRoleDeleteroleRequest delete = new OapiRoleDeleteroleRequest();
            delete.setRoleId(role);
            api.good("/topapi/role/deleterole", delete);
            OapiRoleGetroleRequest gone = new OapiRoleGetroleRequest();
            gone.setRoleId(role);
            api.bad(33011, "/topapi/role/getrole", gone);
        });
    }
}
