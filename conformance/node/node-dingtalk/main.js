'use strict';
// node-dingtalk: the classic calls, and any other by its client. Its host is an option.

const DingTalk = require('node-dingtalk');
const { step, equal, refused, env, main } = require('steps');

// The SDK knows corpid and corpsecret only, and keeps its token in a cache that can be handed in.
function app(name, secret) {
  const kept = {};
  return Object.assign(new DingTalk({
    host: env('URL'),
    corpid: env(`${name}_APPKEY`),
    corpsecret: secret || env(`${name}_APPSECRET`),
    cache: { get: (key) => kept[key], set: (key, value) => { kept[key] = value; } },
  }), { kept });
}

main(async () => {
  const api = app('FULL');

  await step('a token by corpid and corpsecret', async () => {
    equal('the same again', await app('FULL').client.getAccessToken(), await api.client.getAccessToken());
  });

  await step('walk the tree by department/list and list_ids', async () => {
    const seen = [];
    const walk = async (id) => {
      seen.push(id);
      const { department } = await api.department.list({ id, fetch_child: false });
      const ids = department.map((d) => d.id);
      equal(`below ${id}`, (await api.department.listSubDepartmentIds(id)).sub_dept_id_list, ids);
      for (const sub of ids) await walk(sub);
    };
    await walk(1);
    equal('departments', seen, [1, 2, 3, 4, 5, 6]);
    equal('path', (await api.department.listParentDepartmentIds(3)).parentIds, [3, 2, 1]);
    equal('name', (await api.department.get(4)).name, '分/子公司 <A&B> "引号"');
    equal('one that is not there', await api.department.get(99999), undefined);
  });

  await step('everybody, page by page', async () => {
    equal('of 5, brief', (await api.user.listAll(5, true)).userlist.length, 120);
    equal('of 5, in full', (await api.user.listAll(5, false)).userlist.length, 120);
    // The SDK asks department/list for the departments; the root is not among
    // them. One person is restricted.
    const all = await api.user.listAll(undefined, true, { size: 50 });
    equal('of all departments but the root', all.userlist.length, 125);
  });

  await step('a person, by mobile, by unionid', async () => {
    const zhang = await api.user.get('zhangsan');
    equal('name and departments', [zhang.name, [...zhang.department].sort()], ['张三', [2, 3]]);
    equal('by mobile', (await api.user.getByMobile('13900001001')).userid, 'zhangsan');
    equal('by unionid', (await api.user.getUseridByUnionid(zhang.unionid)).userid, 'zhangsan');
    equal('nobody', await api.user.get('nobody'), undefined);
    equal('scopes', (await api.auth.scopes()).auth_org_scopes, { authed_dept: [1], authed_user: [] });
  });

  await step('the four seed calls, by GET and by POST', async () => {
    for (const call of ['get', 'post']) {
      const ask = async (path, data) => (await api.client[call](`topapi/${path}`, data)).result;
      equal('count', await ask('user/count', { only_active: false }), { count: 127 });
      equal('listid', await ask('user/listid', { dept_id: 2 }), { userid_list: ['zhangsan', 'lisi'] });
      equal('listsimple', await ask('user/listsimple', { dept_id: 2, cursor: 0, size: 1 }),
        { has_more: true, list: [{ name: '张三', userid: 'zhangsan' }], next_cursor: 1 });
      equal('inactive', await ask('inactive/user/v2/get',
        { is_active: false, dept_ids: '2,3', offset: 0, size: 100, query_date: '20260820' }),
      { has_more: false, list: ['lisi', 'alice'] });
    }
    equal('dept_ids as a list', (await api.client.post('topapi/inactive/user/v2/get',
      { is_active: false, dept_ids: [2, 3], offset: 0, size: 100, query_date: '20260820' })).result.list, ['lisi', 'alice']);
  });

  await step('create, change and delete a department and a person', async () => {
    const { id } = await api.department.create({ name: '新部门', parentid: 6, order: 3 });
    await api.department.update({ id, name: '改名' });
    equal('name', (await api.department.get(id)).name, '改名');
    const made = await api.user.create({ userid: 'node-1', name: '王小明', mobile: '13911150001', department: [id] });
    equal('userid', made.userid, 'node-1');
    await api.user.update({ userid: 'node-1', name: '王大明' });
    equal('name', (await api.user.get('node-1')).name, '王大明');
    await refused(60104, () => api.user.create({ name: 'x', mobile: '13911150001', department: [6] }));
    await refused(60005, () => api.department.delete(id));
    await refused(60006, () => api.department.delete(6));
    await refused(60008, () => api.department.create({ name: '改名', parentid: 6 }));
    await api.user.create({ userid: 'node-2', name: 'Two', mobile: '13911150002', department: [id] });
    await api.user.delete(['node-1', 'node-2']);
    equal('it is gone', await api.user.get('node-1'), undefined);
    await refused(60121, () => api.user.delete('node-1'));
    await api.department.delete(id);
    equal('it is gone', await api.department.get(id), undefined);
  });

  await step('refusals: 60003, 60121, 40069, 88 and 60011, 50002, 50004, 40089', async () => {
    await refused(60003, () => api.client.post('topapi/user/listid', { dept_id: 99999 }));
    await refused(60121, () => api.client.get('user/get', { userid: 'nobody' }));
    await refused(40069, () => api.client.post('topapi/user/listsimple', { dept_id: 5, cursor: 0, size: 101 }));
    const reader = app('READER');
    const denied = await refused(88, () => reader.client.post('topapi/user/listsimple', { dept_id: 2, cursor: 0, size: 10 }));
    equal('sub_code', denied.data.sub_code, '60011');
    await refused(60011, () => reader.department.list());
    await refused(50002, () => app('SCOPED').client.get('user/get', { userid: 'boss' }));
    await refused(50004, () => app('SCOPED').client.get('department/get', { id: 5 }));
    await refused(40089, () => app('FULL', 'wrong').client.getAccessToken());
  });

  await step('a refused token stays in its cache until that is cleared', async () => {
    await api.client.getAccessToken();
    const [key] = Object.keys(api.kept);
    const good = api.kept[key];
    api.kept[key] = '0123456789abcdef0123456789abcdef';
    await refused(40014, () => api.department.list());
    await refused(88, () => api.client.post('topapi/user/count', { only_active: false }));
    delete api.kept[key];
    await api.department.list();
    equal('the token that it gets anew', api.kept[key], good);
  });
});
