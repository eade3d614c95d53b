// Verification in Ruby. test/consumer-docs runs it.
export const ruby = String.raw`require 'openssl'

module Webhook
  TOLERANCE_SECONDS = 300

  # Returns the id of a genuine request, which is the same on every retry: drop what you have. Raises otherwise.
  # headers: names in lower case. body: the bytes as they arrived, before any parsing.
  # secrets: the one of your endpoint; during a rotation also the one before.
  def self.verify(headers, body, secrets)
    id = headers['webhook-id'].to_s
    timestamp = headers['webhook-timestamp'].to_s
    unless id.match?(/\A[^.]+\z/) && timestamp.match?(/\A[1-9][0-9]{0,11}\z/)
      raise ArgumentError, 'missing or malformed headers'
    end
    raise ArgumentError, 'too old, or the clock is wrong' if (Time.now.to_i - timestamp.to_i).abs > TOLERANCE_SECONDS

    content = "#{id}.#{timestamp}.".b + body.b
    genuine = secrets.any? do |secret|
      key = secret.delete_prefix('whsec_').unpack1('m0')
      right = 'v1,' + [OpenSSL::HMAC.digest('SHA256', key, content)].pack('m0')
      headers['webhook-signature'].to_s.split(' ').any? { |signature| OpenSSL.secure_compare(right, signature) }
    end
    raise ArgumentError, 'no signature matches' unless genuine

    id
  end
end
`;
