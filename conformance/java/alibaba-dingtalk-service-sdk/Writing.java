import com.dingtalk.api.request.*;
import com.dingtalk.api.response.OapiV2DepartmentGetResponse;
import java.util.List;

/** Writing makes, changes and removes a department and people. */
final class Writing {
    private final Steps steps;
    private final Client api;
    private long dept;

    Writing(Steps steps, Client api) {
        this.steps = steps;
        this.api = api;
    }

    void walk() {
        departments();
        people();
        refusals();
        ends();
    }

    private void departments() {
        steps.step("department/create", () -> {
            OapiV2DepartmentCreateRequest req = new OapiV2DepartmentCreateRequest();
            req.setName("新部门 <1>");
            req.setParentId(6L);
            req.setOrder(5L);
            req.setHideDept(true);
            req.setDeptPermits("2,3");
            req.setUserPermits("lisi");
            req.setCreateDeptGroup(false);
            req.setSourceIdentifier("java");
            dept = api.good("/topapi/v2/department/create", req).getResult().getDeptId();
            var made = get(dept);
            Steps.equal("name", made.getName(), "新部门 <1>");
            Steps.equal("parent_id", made.getParentId(), 6L);
            Steps.equal("order", made.getOrder(), 5L);
            Steps.equal("hide_dept", made.getHideDept(), true);
            Steps.equal("dept_permits", made.getDeptPermits(), List.of(2L, 3L));
            Steps.equal("user_permits", made.getUserPermits(), List.of("lisi"));
            Steps.equal("source_identifier", made.getSourceIdentifier(), "java");
        });
        steps.step("department/update leaves alone what is not sent", () -> {
            OapiV2DepartmentUpdateRequest req = new OapiV2DepartmentUpdateRequest();
            req.setDeptId(dept);
            req.setName("改名");
            api.good("/topapi/v2/department/update", req);
            var changed = get(dept);
            Steps.equal("name", changed.getName(), "改名");
            Steps.equal("order", changed.getOrder(), 5L);
            Steps.equal("hide_dept", changed.getHideDept(), true);
        });
    }

    private void people() {
        steps.step("user/create with every kind of field", () -> {
            OapiV2UserCreateRequest req = new OapiV2UserCreateRequest();
            req.setUserid("java-1");
            req.setName("王小明");
            req.setMobile("13911110001");
            req.setDeptIdList(dept + ",2");
            req.setHideMobile(false);
            req.setTitle("工程师");
            req.setJobNumber("J-1");
            req.setTelephone("010-86123456-1");
            req.setWorkPlace("未来 park");
            req.setRemark("remark with \"marks\" & <tags>");
            req.setEmail("java-1@example.com");
            req.setHiredDate(1597573616828L);
            req.setExtension("{\"爱好\":\"旅游\",\"年龄\":\"24\"}");
            OapiV2UserCreateRequest.DeptOrder order = new OapiV2UserCreateRequest.DeptOrder();
            order.setDeptId(dept);
            order.setOrder(7L);
            req.setDeptOrderList(List.of(order));
            OapiV2UserCreateRequest.DeptTitle title = new OapiV2UserCreateRequest.DeptTitle();
            title.setDeptId(dept);
            title.setTitle("组长");
            req.setDeptTitleList(List.of(title));
            var made = api.good("/topapi/v2/user/create", req).getResult();
            Steps.equal("userid", made.getUserid(), "java-1");
            var person = People.get(api, "java-1");
            Steps.equal("unionid", person.getUnionid(), made.getUnionId());
            Steps.equal("name", person.getName(), "王小明");
            Steps.equal("remark", person.getRemark(), "remark with \"marks\" & <tags>");
            Steps.equal("work_place", person.getWorkPlace(), "未来 park");
            Steps.equal("telephone", person.getTelephone(), "010-86123456-1");
            Steps.equal("hired_date", person.getHiredDate(), 1597573616828L);
            Steps.equal("active", person.getActive(), false);
            if (!person.getExtension().contains("\"爱好\":\"旅游\"")) {
                throw new Steps.Surprise("extension is " + person.getExtension());
            }
            for (var place : person.getDeptOrderList()) {
                if (place.getDeptId() == dept) {
                    Steps.equal("order in " + dept, place.getOrder(), 7L);
                }
            }
        });
        steps.step("user/create without a userid makes one", () -> {
            OapiV2UserCreateRequest req = new OapiV2UserCreateRequest();
            req.setName("Nameless");
            req.setMobile("+49-15112345678");
            req.setDeptIdList("6");
            String userid = api.good("/topapi/v2/user/create", req).getResult().getUserid();
            Steps.equal("name", People.get(api, userid).getName(), "Nameless");
            delete(userid);
        });
        steps.step("user/create with lists and objects as texts, then user/update as JSON", () -> {
            OapiV2UserCreateRequest req = new OapiV2UserCreateRequest();
            req.setUserid("java-texts");
            req.setName("Texts");
            req.setMobile("13911110003");
            req.setDeptIdList("[" + dept + ",2]");
            req.setExtension("{\"爱好\":\"旅游\"}");
            OapiV2UserCreateRequest.DeptOrder order = new OapiV2UserCreateRequest.DeptOrder();
            order.setDeptId(dept);
            order.setOrder(3L);
            req.setDeptOrderList(List.of(order));
            api.inTexts().good("/topapi/v2/user/create", req);
            OapiV2UserUpdateRequest change = new OapiV2UserUpdateRequest();
            change.setUserid("java-texts");
            change.setDeptIdList("[" + dept + "]");
            change.setManagerUserid("java-1");
            api.good("/topapi/v2/user/update", change);
            var person = People.get(api, "java-texts");
            Steps.equal("departments", person.getDeptIdList(), List.of(dept));
            Steps.equal("order", person.getDeptOrderList().get(0).getOrder(), 3L);
            Steps.equal("manager_userid", person.getManagerUserid(), "java-1");
            Steps.equal("extension", person.getExtension(), "{\"爱好\":\"旅游\"}");
            change = new OapiV2UserUpdateRequest();
            change.setUserid("java-texts");
            change.setManagerUserid("");
            change.setForceUpdateFields("manager_userid");
            api.good("/topapi/v2/user/update", change);
            Steps.equal("manager_userid", People.get(api, "java-texts").getManagerUserid(), null);
            delete("java-texts");
        });
        steps.step("user/update leaves alone what is not sent", () -> {
            OapiV2UserUpdateRequest req = new OapiV2UserUpdateRequest();
            req.setUserid("java-1");
            req.setName("王大明");
            api.good("/topapi/v2/user/update", req);
            var person = People.get(api, "java-1");
            Steps.equal("name", person.getName(), "王大明");
            Steps.equal("mobile", person.getMobile(), "13911110001");
            Steps.equal("title", person.getTitle(), "工程师");
        });
        steps.step("the counts and lists show it at once", () -> {
            OapiUserCountRequest count = new OapiUserCountRequest();
            count.setOnlyActive(false);
            Steps.equal("count", api.good("/topapi/user/count", count).getResult().getCount(), 128L);
            OapiUserListidRequest list = new OapiUserListidRequest();
            list.setDeptId(dept);
            Steps.equal("members", api.good("/topapi/user/listid", list).getResult().getUseridList(), List.of("java-1"));
        });
        steps.step("a leader of a department", () -> {
            OapiV2DepartmentUpdateRequest req = new OapiV2DepartmentUpdateRequest();
            req.setDeptId(dept);
            req.setDeptManagerUseridList("java-1");
            api.good("/topapi/v2/department/update", req);
            Steps.equal("managers", get(dept).getDeptManagerUseridList(), List.of("java-1"));
            for (var lead : People.get(api, "java-1").getLeaderInDept()) {
                Steps.equal("leader in " + lead.getDeptId(), lead.getLeader(), lead.getDeptId() == dept);
            }
        });
    }

    private void refusals() {
        steps.step("mobile taken: 60104", () -> {
            OapiV2UserCreateRequest req = new OapiV2UserCreateRequest();
            req.setUserid("java-2");
            req.setName("Twice");
            req.setMobile("13911110001");
            req.setDeptIdList("6");
            api.bad(60104, "/topapi/v2/user/create", req);
        });
        steps.step("userid taken: 60102", () -> {
            OapiV2UserCreateRequest req = new OapiV2UserCreateRequest();
            req.setUserid("java-1");
            req.setName("Twice");
            req.setMobile("13911110002");
            req.setDeptIdList("6");
            api.bad(60102, "/topapi/v2/user/create", req);
        });
        steps.step("the name of a sibling: 60008", () -> {
            OapiV2DepartmentCreateRequest req = new OapiV2DepartmentCreateRequest();
            req.setName("改名");
            req.setParentId(6L);
            api.bad(60008, "/topapi/v2/department/create", req);
        });
        steps.step("no such parent: 60004", () -> {
            OapiV2DepartmentCreateRequest req = new OapiV2DepartmentCreateRequest();
            req.setName("Orphan");
            req.setParentId(99999L);
            api.bad(60004, "/topapi/v2/department/create", req);
        });
        steps.step("a department below itself: 60010", () -> {
            OapiV2DepartmentUpdateRequest req = new OapiV2DepartmentUpdateRequest();
            req.setDeptId(6L);
            req.setParentId(dept);
            api.bad(60010, "/topapi/v2/department/update", req);
        });
        steps.step("deleting a department with members, and the root: 60005 and 60007", () -> {
            OapiV2DepartmentDeleteRequest req = new OapiV2DepartmentDeleteRequest();
            req.setDeptId(dept);
            api.bad(60005, "/topapi/v2/department/delete", req);
            req.setDeptId(1L);
            api.bad(60007, "/topapi/v2/department/delete", req);
        });
    }

    private void ends() {
        steps.step("user/delete", () -> {
            delete("java-1");
            OapiV2UserGetRequest gone = new OapiV2UserGetRequest();
            gone.setUserid("java-1");
            api.bad(60121, "/topapi/v2/user/get", gone);
            OapiV2UserGetbymobileRequest mobile = new OapiV2UserGetbymobileRequest();
            mobile.setMobile("13911110001");
            api.bad(60121, "/topapi/v2/user/getbymobile", mobile);
        });
        steps.step("people who left: querydimission", () -> {
            OapiSmartworkHrmEmployeeQuerydimissionRequest req = new OapiSmartworkHrmEmployeeQuerydimissionRequest();
            req.setOffset(0L);
            req.setSize(50L);
            var page = api.good("/topapi/smartwork/hrm/employee/querydimission", req).getResult();
            Steps.equal("is there", page.getDataList().contains("java-1"), true);
        });
        steps.step("department/delete, a parent with a department first: 60006", () -> {
            OapiV2DepartmentDeleteRequest req = new OapiV2DepartmentDeleteRequest();
            req.setDeptId(6L);
            api.bad(60006, "/topapi/v2/department/delete", req);
            req.setDeptId(dept);
            api.good("/topapi/v2/department/delete", req);
            OapiV2DepartmentGetRequest gone = new OapiV2DepartmentGetRequest();
            gone.setDeptId(dept);
            api.bad(60003, "/topapi/v2/department/get", gone);
        });
    }

    private OapiV2DepartmentGetResponse.DeptGetResponse get(long id) throws Exception {
        OapiV2DepartmentGetRequest req = new OapiV2DepartmentGetRequest();
        req.setDeptId(id);
        return api.good("/topapi/v2/department/get", req).getResult();
    }

    private void delete(String userid) throws Exception {
        OapiV2UserDeleteRequest req = new OapiV2UserDeleteRequest();
        req.setUserid(userid);
        api.good("/topapi/v2/user/delete", req);
    }
}
