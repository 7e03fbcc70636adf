/**
 * What the simulated cloud offers: regions, instance types and public images.
 * The rule: data only; names and sizes as the service uses them.
 */

/** A region of the catalog; `zones` are the letters of its zones. */
export interface RegionData {
  readonly regionId: string;
  readonly names: Readonly<Record<'zh-CN' | 'en-US', string>>;
  readonly zones: readonly string[];
}

/** The regions every simulator knows. */
export const REGIONS: readonly RegionData[] = [
  region('cn-hangzhou', '华东1（杭州）', 'China (Hangzhou)', 'h i j k'),
  region('cn-shanghai', '华东2（上海）', 'China (Shanghai)', 'b g l'),
  region('cn-beijing', '华北2（北京）', 'China (Beijing)', 'h i k l'),
  region('cn-shenzhen', '华南1（深圳）', 'China (Shenzhen)', 'd e f'),
  region('cn-hongkong', '中国香港', 'China (Hong Kong)', 'b c d'),
  region('ap-southeast-1', '新加坡', 'Singapore', 'a b c'),
  region('ap-northeast-1', '日本（东京）', 'Japan (Tokyo)', 'a b c'),
  region('eu-central-1', '德国（法兰克福）', 'Germany (Frankfurt)', 'a b c'),
  region('us-west-1', '美国（硅谷）', 'US (Silicon Valley)', 'a b'),
  region('us-east-1', '美国（弗吉尼亚）', 'US (Virginia)', 'a b'),
];

function region(regionId: string, chinese: string, english: string, zones: string): RegionData {
  return { regionId, names: { 'zh-CN': chinese, 'en-US': english }, zones: zones.split(' ') };
}

/** A region made up by name, for a simulator that is asked for one the catalog lacks. */
export function madeUpRegion(regionId: string): RegionData {
  return region(regionId, regionId, regionId, 'a b c');
}

/** An instance type. Memory in GiB; `price` in the currency of the account per hour. */
export interface InstanceTypeData {
  readonly id: string;
  readonly family: string;
  readonly level: 'EnterpriseLevel' | 'EntryLevel' | 'CreditEntryLevel';
  readonly cpu: number;
  readonly memory: number;
  readonly price: number;
  readonly localDisks: number;
  readonly localDiskSize: number;
  readonly localDiskCategory: string;
  readonly gpu: number;
  readonly gpuSpec: string;
  readonly arm: boolean;
}

// id cpu memory price [localDisks localDiskSize localDiskCategory | gpu gpuSpec | arm]
const TYPES = `
ecs.t5-lc2m1.nano 1 0.5 0.03
ecs.t5-lc1m1.small 1 1 0.05
ecs.t5-lc1m2.small 1 2 0.07
ecs.t5-lc1m2.large 2 4 0.14
ecs.t5-lc1m4.large 2 8 0.21
ecs.t5-c1m1.large 2 2 0.11
ecs.t5-c1m2.large 2 4 0.16
ecs.t6-c4m1.large 2 0.5 0.04
ecs.t6-c2m1.large 2 1 0.06
ecs.t6-c1m1.large 2 2 0.08
ecs.t6-c1m2.large 2 4 0.13
ecs.t6-c1m4.large 2 8 0.22
ecs.s6-c1m1.small 1 1 0.07
ecs.s6-c1m2.small 1 2 0.11
ecs.s6-c1m2.large 2 4 0.21
ecs.s6-c1m4.large 2 8 0.29
ecs.e-c1m1.large 2 2 0.09
ecs.e-c1m2.large 2 4 0.15
ecs.e-c1m4.large 2 8 0.24
ecs.u1-c1m1.large 2 2 0.13
ecs.u1-c1m2.large 2 4 0.19
ecs.u1-c1m4.large 2 8 0.27
ecs.n1.tiny 1 1 0.13
ecs.n1.small 1 2 0.19
ecs.n1.medium 2 4 0.38
ecs.n1.large 4 8 0.76
ecs.n2.small 1 4 0.24
ecs.n2.medium 2 8 0.48
ecs.n4.small 1 2 0.2
ecs.n4.large 2 4 0.4
ecs.n4.xlarge 4 8 0.8
ecs.mn4.small 1 4 0.25
ecs.mn4.large 2 8 0.5
ecs.xn4.small 1 1 0.12
ecs.e4.small 1 8 0.38
ecs.sn1.medium 2 4 0.42
ecs.sn1.large 4 8 0.84
ecs.sn2.medium 2 8 0.55
ecs.sn2.large 4 16 1.1
ecs.i3.xlarge 4 32 1.92 1 959 local_ssd_pro
ecs.i2.xlarge 4 32 1.87 1 894 local_ssd_pro
ecs.d2s.5xlarge 20 88 7.1 8 7838 local_hdd_pro
ecs.gn6i-c4g1.xlarge 4 15 8.7 gpu 1 NVIDIA-T4
ecs.gn7i-c8g1.2xlarge 8 30 9.6 gpu 1 NVIDIA-A10
`;

// Families whose every size has as much memory for a processor. family memory price [arm]: both for one processor
const FAMILIES = `
ecs.c5 2 0.19
ecs.g5 4 0.24
ecs.r5 8 0.32
ecs.c6 2 0.195
ecs.g6 4 0.25
ecs.r6 8 0.33
ecs.c6e 2 0.205
ecs.g6e 4 0.26
ecs.r6e 8 0.34
ecs.hfc6 2 0.23
ecs.hfg6 4 0.29
ecs.hfr6 8 0.37
ecs.c7 2 0.205
ecs.g7 4 0.26
ecs.r7 8 0.335
ecs.c7a 2 0.18
ecs.g7a 4 0.23
ecs.r7a 8 0.3
ecs.hfc7 2 0.24
ecs.hfg7 4 0.3
ecs.hfr7 8 0.38
ecs.c8i 2 0.23
ecs.g8i 4 0.29
ecs.r8i 8 0.37
ecs.c8a 2 0.2
ecs.g8a 4 0.25
ecs.r8a 8 0.32
ecs.c8y 2 0.16 arm
ecs.g8y 4 0.2 arm
ecs.r8y 8 0.26 arm
ecs.sn1ne 2 0.2
ecs.sn2ne 4 0.25
ecs.se1ne 8 0.34
`;
const SIZES = { large: 2, xlarge: 4, '2xlarge': 8, '4xlarge': 16, '8xlarge': 32 };

function linesOf(table: string): string[] {
  return table.trim().split('\n');
}

function sizesOf(line: string): string[] {
  const [family = '', memory, price, ...rest] = line.split(' ');
  return Object.entries(SIZES).map(([size, cpu]) => {
    const total = Number((cpu * Number(price)).toFixed(3));
    return [`${family}.${size}`, cpu, cpu * Number(memory), total, ...rest].join(' ');
  });
}

/** The instance types, by id. */
export const INSTANCE_TYPES: ReadonlyMap<string, InstanceTypeData> = new Map(
  [...linesOf(TYPES), ...linesOf(FAMILIES).flatMap(sizesOf)].map((line) => {
    const [id = '', cpu, memory, price, ...rest] = line.split(' ');
    const family = id
      .split('.')
      .slice(0, 2)
      .join('.')
      .replace(/-c\d+[mg]\d+$/, '');
    const gpu = rest[0] === 'gpu';
    const arm = rest[0] === 'arm';
    const local = rest.length > 0 && !gpu && !arm;
    const data: InstanceTypeData = {
      id,
      family,
      level: levelOf(family),
      cpu: Number(cpu),
      memory: Number(memory),
      price: Number(price),
      localDisks: local ? Number(rest[0]) : 0,
      localDiskSize: local ? Number(rest[1]) : 0,
      localDiskCategory: local ? (rest[2] ?? '') : '',
      gpu: gpu ? Number(rest[1]) : 0,
      gpuSpec: gpu ? (rest[2] ?? '').replace('-', ' ') : '',
      arm,
    };
    return [id, data];
  }),
);

/** Burstable, shared, or for enterprises. */
function levelOf(family: string): InstanceTypeData['level'] {
  if (/^ecs\.t\d/.test(family)) return 'CreditEntryLevel';
  return /^ecs\.(s6|e|u1|e4|m?n[124]|xn4)$/.test(family) ? 'EntryLevel' : 'EnterpriseLevel';
}

/** An operating system image. */
export interface ImageData {
  readonly imageId: string;
  readonly family: string;
  readonly name: string;
  readonly nameEn: string;
  readonly osType: 'linux' | 'windows';
  readonly platform: string;
  readonly size: number;
  readonly architecture: 'x86_64' | 'arm64';
}

/** The public images, by id. The first is the default. */
export const PUBLIC_IMAGES: readonly ImageData[] = [
  image(
    'aliyun_3_x64_20G_alibase_20240528.vhd',
    'acs:alibaba_cloud_linux_3_2104_lts_x64',
    'Alibaba Cloud Linux  3.2104 LTS 64位',
    'Aliyun',
    20,
  ),
  image(
    'aliyun_3_arm64_20G_alibase_20240528.vhd',
    'acs:alibaba_cloud_linux_3_2104_lts_arm64',
    'Alibaba Cloud Linux  3.2104 LTS 64位 ARM版',
    'Aliyun',
    20,
  ),
  image(
    'ubuntu_22_04_x64_20G_alibase_20240530.vhd',
    'acs:ubuntu_22_04_x64',
    'Ubuntu  22.04 64位',
    'Ubuntu',
    20,
  ),
  image('debian_12_6_x64_20G_alibase_20240711.vhd', 'acs:debian_12_6_x64', 'Debian  12.6 64位', 'Debian', 20),
  image('centos_7_9_x64_20G_alibase_20240628.vhd', 'acs:centos_7_9_x64', 'CentOS  7.9 64位', 'CentOS', 20),
  image(
    'win2022_21H2_x64_dtc_en-us_40G_alibase_20240516.vhd',
    'acs:windows_2022_datacenter_en_us_x64',
    'Windows Server 2022 数据中心版 64位英文版',
    'Windows Server 2022',
    40,
  ),
];

function image(imageId: string, family: string, name: string, platform: string, size: number): ImageData {
  return {
    imageId,
    family,
    name,
    nameEn: name
      .replace('位英文版', '-bit (English)')
      .replace('数据中心版', 'Datacenter')
      .replace('位', ' bit')
      .replace('版', ''),
    osType: platform.startsWith('Windows') ? 'windows' : 'linux',
    platform,
    size,
    architecture: imageId.includes('arm64') ? 'arm64' : 'x86_64',
  };
}

/** Disk categories on sale. */
export const DISK_CATEGORIES = [
  'cloud_essd',
  'cloud_auto',
  'cloud_essd_entry',
  'cloud_efficiency',
  'cloud_ssd',
] as const;
