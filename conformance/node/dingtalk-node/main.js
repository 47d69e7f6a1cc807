'use strict';
// dingtalk-node: the classic calls with callbacks; it hands on whatever is answered. Its host is an option.

const App = require('dingtalk-node');
const { step, equal, env, main } = require('steps');

const api = new App({ domain: env('URL'), cid: env('FULL_APPKEY'), secret: env('FULL_APPSECRET') });

// ask makes a call that has to be answered with an errcode.
function ask(call, params, errcode = 0) {
  return new Promise((resolve, reject) => {
    api[call](params, (err, reply) => (err ? reject(err) : resolve(reply)));
  }).then((reply) => {
    equal(`errcode of ${JSON.stringify(reply)}`, reply.errcode, errcode);
    return reply;
  });
}

main(async () => {
  await step('walk the tree', async () => {
    const seen = [];
    const walk = async (id) => {
      seen.push(id);
      for (const sub of (await ask('departmentList', { id, fetch_child: false })).department) await walk(sub.id);
    };
    await walk(1);
    equal('departments', seen, [1, 2, 3, 4, 5, 6]);
    equal('everything below the root', (await ask('departmentList', {})).department.length, 5);
  });

  await step('people page by page', async () => {
    const all = new Set();
    for (let offset = 0, more = true; more; offset += 50) {
      const page = await ask('userSimplelist', { department_id: 5, offset, size: 50 });
      page.userlist.forEach((p) => all.add(p.userid));
      more = page.hasMore;
    }
    equal('people', all.size, 120);
    equal('in full, at once', (await ask('userList', { department_id: 2 })).userlist.map((p) => p.userid), ['zhangsan', 'lisi']);
    equal('a person', (await ask('userGet', { userid: 'zhangsan' })).name, '张三');
  });

  await step('create, change and delete a department and people', async () => {
    const { id } = await ask('departmentCreate', { name: '新部门', parentid: 6 });
    await ask('departmentUpdate', { id, name: '改名' });
    const { userid } = await ask('userCreate', { name: '王小明', mobile: '13911160001', department: [id] });
    await ask('userUpdate', { userid, name: '王大明' });
    equal('name', (await ask('userGet', { userid })).name, '王大明');
    await ask('userCreate', { name: 'x', mobile: '13911160001', department: [id] }, 60104);
    await ask('departmentDelete', { id }, 60005);
    await ask('userBatchdelete', { useridlist: [userid] });
    await ask('userGet', { userid }, 60121);
    await ask('departmentDelete', { id });
  });

  await step('refusals', async () => {
    await ask('departmentList', { access_token: '0123456789abcdef0123456789abcdef' }, 40014);
    await ask('userGet', { userid: 'nobody' }, 60121);
    await ask('departmentList', { id: 99999 }, 60003);
  });
});
