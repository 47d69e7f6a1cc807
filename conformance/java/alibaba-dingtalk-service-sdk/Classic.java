import com.dingtalk.api.request.*;
import com.taobao.api.TaobaoRequest;
import com.taobao.api.TaobaoResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Classic makes the older calls, outside of /topapi. */
final class Classic {
    private final Steps steps;
    private final Client api;

    Classic(Steps steps, Client api) {
        this.steps = steps;
        this.api = api;
    }

    /** get makes a request a GET, as the documentation says for most of these calls. */
    private <T extends TaobaoResponse> T get(String path, TaobaoRequest<T> req) throws Exception {
        req.getClass().getMethod("setHttpMethod", String.class).invoke(req, "GET");
        return api.good(path, req);
    }

    void walk() {
        departments();
        lists();
        person();
        writes();
    }

    private void departments() {
        steps.step("department/list, list_ids, get", () -> {
            OapiDepartmentListRequest list = new OapiDepartmentListRequest();
            list.setId("1");
            list.setFetchChild(true);
            Set<Long> seen = new HashSet<>();
            for (var d : get("/department/list", list).getDepartment()) {
                seen.add(d.getId());
                Steps.equal("parentid of " + d.getId(), d.getParentid(), d.getId() == 3L || d.getId() == 4L ? 2L : 1L);
            }
            Steps.equal("below 1", seen.containsAll(Set.of(2L, 3L, 4L, 5L, 6L)) && seen.size() == 5, true);
            list.setFetchChild(false);
            List<Long> children = new ArrayList<>();
            get("/department/list", list).getDepartment().forEach(d -> children.add(d.getId()));
            Steps.equal("children of 1", children, List.of(2L, 5L, 6L));
            OapiDepartmentListIdsRequest ids = new OapiDepartmentListIdsRequest();
            ids.setId("2");
            Steps.equal("children of 2", get("/department/list_ids", ids).getSubDeptIdList(), List.of(3L, 4L));
            OapiDepartmentGetRequest one = new OapiDepartmentGetRequest();
            one.setId("2");
            var dept = get("/department/get", one);
            Steps.equal("name", dept.getName(), "研发部");
            Steps.equal("parentid", dept.getParentid(), 1L);
            Steps.equal("managers", dept.getDeptManagerUseridList(), "zhangsan");
        });
        steps.step("list_parent_depts, list_parent_depts_by_dept", () -> {
            OapiDepartmentListParentDeptsByDeptRequest dept = new OapiDepartmentListParentDeptsByDeptRequest();
            dept.setId("3");
            Steps.equal("above 3", get("/department/list_parent_depts_by_dept", dept).getParentIds(), List.of(3L, 2L, 1L));
            OapiDepartmentListParentDeptsRequest user = new OapiDepartmentListParentDeptsRequest();
            user.setUserId("wangwu");
            // To the SDK it is a text, which it makes of the list.
            String paths = get("/department/list_parent_depts", user).getDepartment();
            Steps.equal("above wangwu", paths.replace(" ", ""), "[[3,2,1]]");
        });
    }

    private void lists() {
        steps.step("user/simplelist, list, listbypage, getDeptMember", () -> {
            OapiUserSimplelistRequest simple = new OapiUserSimplelistRequest();
            simple.setDepartmentId(5L);
            simple.setOffset(0L);
            simple.setSize(100L);
            var page = get("/user/simplelist", simple);
            Steps.equal("page", page.getUserlist().size(), 100);
            Steps.equal("hasMore", page.getHasMore(), true);
            simple.setOffset(100L);
            page = get("/user/simplelist", simple);
            Steps.equal("page", page.getUserlist().size(), 20);
            Steps.equal("hasMore", page.getHasMore(), false);
            OapiUserListRequest list = new OapiUserListRequest();
            list.setDepartmentId(2L);
            Steps.equal("list", get("/user/list", list).getUserlist().size(), 2);
            OapiUserListbypageRequest paged = new OapiUserListbypageRequest();
            paged.setDepartmentId(2L);
            paged.setOffset(0L);
            paged.setSize(1L);
            var first = get("/user/listbypage", paged);
            Steps.equal("the first", first.getUserlist().get(0).getUserid(), "zhangsan");
            Steps.equal("mobile", first.getUserlist().get(0).getMobile(), "13900001001");
            OapiUserGetDeptMemberRequest members = new OapiUserGetDeptMemberRequest();
            members.setDeptId("2");
            Steps.equal("members", get("/user/getDeptMember", members).getUserIds(), List.of("zhangsan", "lisi"));
        });
        steps.step("get_org_user_count, get_admin", () -> {
            OapiUserGetOrgUserCountRequest count = new OapiUserGetOrgUserCountRequest();
            count.setOnlyActive(0L);
            Steps.equal("all", get("/user/get_org_user_count", count).getCount(), 127L);
            count.setOnlyActive(1L);
            Steps.equal("active", get("/user/get_org_user_count", count).getCount(), 125L);
            Steps.equal("admins", get("/user/get_admin", new OapiUserGetAdminRequest()).getAdminList() != null, true);
        });
    }

    private void person() {
        steps.step("user/get, get_by_mobile, getUseridByUnionid", () -> {
            OapiUserGetRequest req = new OapiUserGetRequest();
            req.setUserid("zhangsan");
            var person = get("/user/get", req);
            Steps.equal("name", person.getName(), "张三");
            Steps.equal("departments", new HashSet<>(person.getDepartment()), Set.of(2L, 3L));
            Steps.equal("position", person.getPosition(), "工程师");
            Steps.equal("jobnumber", person.getJobnumber(), "E-1001");
            Steps.equal("leads", person.getIsLeaderInDepts().contains("2:true"), true);
            OapiUserGetByMobileRequest mobile = new OapiUserGetByMobileRequest();
            mobile.setMobile("13900001001");
            Steps.equal("by mobile", get("/user/get_by_mobile", mobile).getUserid(), "zhangsan");
            OapiUserGetUseridByUnionidRequest union = new OapiUserGetUseridByUnionidRequest();
            union.setUnionid(person.getUnionid());
            Steps.equal("by unionid", get("/user/getUseridByUnionid", union).getUserid(), "zhangsan");
        });
    }

    private void writes() {
        for (Client client : List.of(api, api.inTexts())) {
            writes(client);
        }
    }

    private void writes(Client client) {
        steps.step("department and people the classic way" + (client == api ? "" : ", lists and objects as texts"), () -> {
            OapiDepartmentCreateRequest create = new OapiDepartmentCreateRequest();
            create.setName("Classic");
            create.setParentid("6");
            create.setOrder("3");
            create.setDeptHiding(true);
            create.setDeptPermits("2|3");
            long id = api.good("/department/create", create).getId();
            OapiDepartmentUpdateRequest update = new OapiDepartmentUpdateRequest();
            update.setId(id);
            update.setName("Classic 2");
            api.good("/department/update", update);
            OapiDepartmentGetRequest one = new OapiDepartmentGetRequest();
            one.setId(String.valueOf(id));
            var dept = get("/department/get", one);
            Steps.equal("name", dept.getName(), "Classic 2");
            Steps.equal("deptPermits", dept.getDeptPermits(), "2|3");
            OapiUserCreateRequest person = new OapiUserCreateRequest();
            person.setUserid("java-classic");
            person.setName("Classic");
            person.setMobile("13911110009");
            person.setDepartment("[" + id + "]");
            person.setPosition("Tester");
            person.setExtattr("{\"爱好\":\"旅游\"}");
            person.setOrderInDepts("{\"" + id + "\":10}");
            Steps.equal("userid", client.good("/user/create", person).getUserid(), "java-classic");
            OapiUserUpdateRequest change = new OapiUserUpdateRequest();
            change.setUserid("java-classic");
            change.setName("Classic 2");
            client.good("/user/update", change);
            change.setName("Classic 3");
            change.setDepartment(List.of(id, 2L));
            client.good("/user/update", change);
            OapiUserGetRequest get = new OapiUserGetRequest();
            get.setUserid("java-classic");
            var got = get("/user/get", get);
            Steps.equal("name", got.getName(), "Classic 3");
            Steps.equal("position", got.getPosition(), "Tester");
            Steps.equal("departments", new HashSet<>(got.getDepartment()), Set.of(2L, id));
            Steps.equal("orders", got.getOrderInDepts().contains(id + ":10"), true);
            OapiUserBatchdeleteRequest batch = new OapiUserBatchdeleteRequest();
            batch.setUseridlist(List.of("java-classic"));
            client.good("/user/batchdelete", batch);
            OapiDepartmentDeleteRequest delete = new OapiDepartmentDeleteRequest();
            delete.setId(String.valueOf(id));
            get("/department/delete", delete);
        });
    }
}
