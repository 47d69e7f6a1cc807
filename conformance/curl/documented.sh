#!/usr/bin/env bash
# The requests of the documentation's curl examples, with our values: a form
# with everything in it, the token too, and no blank after the header's colon.
# Where an example encodes a value twice, so does this.
set -uo pipefail

failed=0
form='Content-Type:application/x-www-form-urlencoded;charset=utf-8'
url=$CONFORMANCE_URL

# check STEP WANT GOT: the reply, its request_id left out, is byte for byte WANT.
check() {
  local got
  got=$(sed -E 's/,"request_id":"[0-9a-z]{12}"//' <<<"$3")
  if [ "$got" = "$2" ]; then
    echo "ok $1"
  else
    echo "FAILED $1: $3"
    failed=1
  fi
}

post() { # path, then the -d of the example
  local path=$1 args=()
  shift
  for d in "$@"; do args+=(-d "$d"); done
  curl -sS -X POST "$url$path" -H "$form" -d "access_token=$token" "${args[@]}"
}

reply=$(curl -sS "$url/gettoken?appkey=$CONFORMANCE_FULL_APPKEY&appsecret=$CONFORMANCE_FULL_APPSECRET")
token=$(sed -nE 's/.*"access_token":"([0-9a-f]+)".*/\1/p' <<<"$reply")
check 'gettoken' "{\"errcode\":0,\"access_token\":\"$token\",\"errmsg\":\"ok\",\"expires_in\":7200}" "$reply"

check 'user/count' '{"errcode":0,"errmsg":"ok","result":{"count":127}}' \
  "$(post /topapi/user/count 'only_active=false')"

check 'user/listid' '{"errcode":0,"errmsg":"ok","result":{"userid_list":["zhangsan","lisi"]}}' \
  "$(post /topapi/user/listid 'dept_id=2')"

check 'user/listsimple' \
  '{"errcode":0,"errmsg":"ok","result":{"has_more":false,"list":[{"name":"张三","userid":"zhangsan"},{"name":"李四","userid":"lisi"}]}}' \
  "$(post /topapi/user/listsimple 'contain_access_limit=false' 'cursor=0' 'dept_id=2' 'language=zh_CN' 'order_field=custom' 'size=10')"

check 'inactive/user/v2/get' '{"errcode":0,"errmsg":"ok","result":{"has_more":false,"list":["lisi","alice"]}}' \
  "$(post /topapi/inactive/user/v2/get 'dept_ids=%5C%222%2C3%5C%22' 'is_active=false' 'offset=0' 'query_date=20260820' 'size=100')"

check 'department/listsub' \
  '{"errcode":0,"errmsg":"ok","result":[{"auto_add_user":false,"create_dept_group":false,"dept_id":3,"name":"内核组","parent_id":2},{"auto_add_user":false,"create_dept_group":false,"dept_id":4,"name":"分/子公司 <A&B> \"引号\"","parent_id":2}]}' \
  "$(post /topapi/v2/department/listsub 'dept_id=2' 'language=zh_CN')"

# A department and a person, made, changed and removed.
reply=$(post /topapi/v2/department/create 'name=curl' 'parent_id=6' 'dept_permits=3%2C4%2C5' 'hide_dept=true')
dept=$(sed -nE 's/.*"dept_id":([0-9]+).*/\1/p' <<<"$reply")
check 'department/create' "{\"errcode\":0,\"errmsg\":\"ok\",\"result\":{\"dept_id\":$dept}}" "$reply"
check 'department/update' '{"errcode":0,"errmsg":"ok"}' \
  "$(post /topapi/v2/department/update "dept_id=$dept" 'name=curl+2' 'order=3')"

reply=$(post /topapi/v2/user/create 'userid=curl-1' 'name=%E7%8E%8B%E5%B0%8F%E6%98%8E' 'mobile=13911170001' \
  "dept_id_list=%5C%22$dept%2C6%5C%22" 'hide_mobile=false' 'title=Tester' \
  "dept_order_list=%5B%7B%22dept_id%22%3A$dept%2C%22order%22%3A1%7D%5D")
unionid=$(sed -nE 's/.*"unionId":"([^"]+)".*/\1/p' <<<"$reply")
check 'user/create' "{\"errcode\":0,\"errmsg\":\"ok\",\"result\":{\"unionId\":\"$unionid\",\"userid\":\"curl-1\"}}" "$reply"
check 'user/update' '{"errcode":0,"errmsg":"ok"}' "$(post /topapi/v2/user/update 'userid=curl-1' 'name=Curl')"
check 'getbyunionid' '{"errcode":0,"errmsg":"ok","result":{"contact_type":0,"userid":"curl-1"}}' \
  "$(post /topapi/user/getbyunionid "unionid=$unionid")"
check 'getbymobile' '{"errcode":0,"errmsg":"ok","result":{"userid":"curl-1"}}' \
  "$(post /topapi/v2/user/getbymobile 'mobile=13911170001')"
check 'user/listid of both departments' '{"errcode":0,"errmsg":"ok","result":{"userid_list":["curl-1"]}}' \
  "$(post /topapi/user/listid 'dept_id=6')"
check 'user/delete' '{"errcode":0,"errmsg":"ok"}' "$(post /topapi/v2/user/delete 'userid=curl-1')"
check 'department/delete' '{"errcode":0,"errmsg":"ok"}' "$(post /topapi/v2/department/delete "dept_id=$dept")"

# What the documentation's error tables say.
check 'no only_active' '{"errcode":400002,"errmsg":"Parameter is empty: only_active"}' "$(post /topapi/user/count)"
check 'no such department' '{"errcode":60003,"errmsg":"Department not found: dept_id"}' "$(post /topapi/user/listid 'dept_id=99999')"
check 'a size over 100' '{"errcode":40069,"errmsg":"Invalid size"}' \
  "$(post /topapi/user/listsimple 'cursor=0' 'dept_id=2' 'size=101')"
token=wrong
check 'a wrong token' \
  '{"errcode":88,"sub_code":"40014","sub_msg":"Invalid access_token","errmsg":"ding talk error[subcode=40014,submsg=Invalid access_token]"}' \
  "$(post /topapi/user/listid 'dept_id=1')"

exit "$failed"
