// The Redis side of an inbox: one Lua script, so that each function is atomic. All keys share the hash tag of the
// receiver, and so a slot of a cluster. `due` holds every event without an order, and of each key the event whose turn
// it is, by the time of its next attempt; while an event is claimed, that is the end of its lease.
export const script = `local p,op=KEYS[1],ARGV[1]
local c=redis.call
local t=c('TIME')
local now=t[1]*1000+math.floor(t[2]/1000)
local function last(k) return tonumber(c('GET',p..'last:'..k) or 0) end
local function choose(k,wait)
 local cur=c('HGET',p..'cur',k)
 if cur and c('HGET',p..'i:'..cur,'w')~='' then return end
 local head=c('ZRANGE',p..'k:'..k,0,0)[1]
 if cur==head then return end
 if cur then c('ZREM',p..'due',cur) end
 if not head then c('HDEL',p..'cur',k) return end
 local v=c('HMGET',p..'i:'..head,'q','at','d')
 local due=tonumber(v[3])
 if tonumber(v[1])>last(k)+1 then due=math.max(due,v[2]+wait) end
 c('HSET',p..'cur',k,head)
 c('ZADD',p..'due',due,head)
end
local function add(id,k,q,wait)
 if k=='' then c('ZADD',p..'due',now,id) else c('ZADD',p..'k:'..k,q,id) choose(k,wait) end
end
local function gap(k,q,keep)
 local gaps=cjson.decode(c('HGET',p..'gaps',k) or '[]')
 local l,out=last(k),{}
 for _,g in ipairs(gaps) do
  if q<g[1] or q>g[2] then out[#out+1]=g else
   if q>g[1] then out[#out+1]={g[1],q-1} end
   if q<g[2] then out[#out+1]={q+1,g[2]} end
  end
 end
 if q>l+1 then out[#out+1]={l+1,q-1} end
 if #out>0 then c('HSET',p..'gaps',k,cjson.encode(out)) elseif #gaps>0 then c('HDEL',p..'gaps',k) end
 c('SET',p..'last:'..k,string.format('%.0f',math.max(l,q)),'PX',keep)
end
local function leave(id,k,keep)
 c('HDEL',p..'i:'..id,'r')
 c('PEXPIRE',p..'i:'..id,keep)
end
if op=='accept' then
 local out={}
 for n=4,#ARGV,7 do
  local id,k,q,rp=ARGV[n],ARGV[n+3],ARGV[n+4],ARGV[n+5]
  local i=p..'i:'..id
  local v=c('HMGET',i,'s','rp')
  local r='new'
  if v[1] then
   r='duplicate'
   if (v[1]=='dead' or (ARGV[2]=='1' and v[1]=='done')) and tonumber(rp)>tonumber(v[2]) then r='revived' end
  end
  if r~='duplicate' then
   c('HSET',i,'s','waiting','t',ARGV[n+1],'r',ARGV[n+2],'k',k,'q',q,'rp',rp,'m',ARGV[n+6],'at',now,'n',0,'w','','d',now,'e','')
   c('PERSIST',i)
   c('ZREM',p..'dead',id)
   add(id,k,q,tonumber(ARGV[3]))
  end
  out[#out+1]=r
 end
 return out
end
if op=='claim' then
 local out={}
 for _,id in ipairs(c('ZRANGEBYSCORE',p..'due','-inf',now,'LIMIT',0,ARGV[2])) do
  local i=p..'i:'..id
  local f,n=c('HINCRBY',i,'f',1),c('HINCRBY',i,'n',1)
  c('HSET',i,'w',ARGV[4])
  c('ZADD',p..'due',now+ARGV[3],id)
  local v=c('HMGET',i,'t','r','k','q','m')
  out[#out+1]={id,v[1],v[2],v[3],v[4],v[5],n,f,last(v[3])}
 end
 return out
end
local function held(id,f)
 local v=c('HMGET',p..'i:'..id,'f','s')
 return v[1]==f and v[2]=='waiting'
end
if op=='extend' then
 local out={}
 for n=3,#ARGV,2 do
  if held(ARGV[n],ARGV[n+1]) then c('ZADD',p..'due',now+ARGV[2],ARGV[n]) out[#out+1]=ARGV[n] end
 end
 return out
end
if op=='end' then
 local id,state,keep=ARGV[2],ARGV[4],ARGV[8]
 if not held(id,ARGV[3]) then return 0 end
 local i=p..'i:'..id
 local v=c('HMGET',i,'k','q')
 local k=v[1]
 c('HSET',i,'w','','e',ARGV[6])
 if state=='waiting' then
  if ARGV[7]=='0' then c('HINCRBY',i,'n',-1) end
  c('HSET',i,'d',now+ARGV[5])
  c('ZADD',p..'due',now+ARGV[5],id)
  if k~='' then choose(k,tonumber(ARGV[9])) end
  return 1
 end
 c('HSET',i,'s',state)
 c('ZREM',p..'due',id)
 if state=='dead' then c('ZADD',p..'dead',now,id) else leave(id,k,keep) end
 if k~='' then
  c('ZREM',p..'k:'..k,id)
  c('HDEL',p..'cur',k)
  gap(k,tonumber(v[2]),keep)
  choose(k,tonumber(ARGV[9]))
 end
 return 1
end
if op=='dead' then
 local out={}
 for _,id in ipairs(c('ZRANGE',p..'dead',0,ARGV[2]-1)) do
  local v=c('HMGET',p..'i:'..id,'t','r','n','e','at')
  out[#out+1]={id,v[1],v[2],v[3],v[4],v[5]}
 end
 return out
end
if op=='settle' then
 local id=ARGV[2]
 local i=p..'i:'..id
 if c('ZREM',p..'dead',id)==0 then return 0 end
 local v=c('HMGET',i,'k','q')
 if ARGV[3]=='retry' then
  c('HSET',i,'s','waiting','n',0,'d',now)
  add(id,v[1],v[2],0)
 else
  c('HSET',i,'s','done')
  leave(id,v[1],ARGV[4])
 end
 return 1
end
if op=='gaps' then return c('HGETALL',p..'gaps') end`;
