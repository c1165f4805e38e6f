-- A hidden link and no link are the same index miss, in both directions: see messenger/0014.
CREATE INDEX messenger_link_ads ON social.messenger_link (account_id) WHERE restricted & 1 = 0;
CREATE INDEX messenger_link_friends ON social.messenger_link (account_id) WHERE restricted & 2 = 0;
CREATE INDEX messenger_lookup_ads ON social.messenger_lookup (messenger_id) WHERE restricted & 1 = 0;
CREATE INDEX messenger_lookup_friends ON social.messenger_lookup (messenger_id) WHERE restricted & 2 = 0;
