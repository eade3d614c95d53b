require_relative 'webhook'

$stdin.each_line(chomp: true) do |line|
  id, timestamp, signature, secrets, body = line.split("\t", -1)
  headers = { 'webhook-id' => id, 'webhook-timestamp' => timestamp, 'webhook-signature' => signature }
  begin
    puts Webhook.verify(headers, body.unpack1('m0'), secrets.split(' '))
  rescue ArgumentError
    puts '-'
  end
end
